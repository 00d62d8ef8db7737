import type { Rung } from '@espalier/api';
import type { RungEntry } from '@espalier/search';
import { rungEntry } from '../trial/rungs.ts';

/**
 * Recorded rung entries of all Trials, by milestone. A Trial's rungs only grow, so an older state of
 * it takes nothing away.
 */
export class RungTable {
  private readonly table = new Map<number, RungEntry[]>();
  private readonly byTrial = new Map<number, Map<number, RungEntry>>();

  get entries(): ReadonlyMap<number, readonly RungEntry[]> {
    return this.table;
  }

  add(index: number, rungs: readonly Rung[]): void {
    const known = this.byTrial.get(index) ?? new Map<number, RungEntry>();
    for (const rung of rungs.slice(known.size)) {
      if (known.has(rung.step)) continue;
      const entry = rungEntry(rung);
      known.set(rung.step, entry);
      const at = this.table.get(rung.step);
      if (at === undefined) this.table.set(rung.step, [entry]);
      else at.push(entry);
    }
    if (known.size > 0) this.byTrial.set(index, known);
  }

  remove(index: number): void {
    for (const [step, entry] of this.byTrial.get(index) ?? []) {
      const rest = (this.table.get(step) ?? []).filter((other) => other !== entry);
      if (rest.length > 0) this.table.set(step, rest);
      else this.table.delete(step);
    }
    this.byTrial.delete(index);
  }
}
