import type { Trial } from '@espalier/api';
import type { PopulationEntry } from '@espalier/search';
import { rungValue } from '../trial/rungs.ts';

/** What all members have reported at their milestones, as it is recorded: a fold over the Trials. */
export class Arrivals {
  private readonly byTrial = new Map<number, readonly PopulationEntry[]>();

  get entries(): readonly PopulationEntry[] {
    return [...this.byTrial.values()].flat();
  }

  /** The arrival number of whoever comes next. */
  get next(): number {
    return nextArrival(this.entries);
  }

  /** A Trial's rungs only grow, so an older state of it takes nothing away. */
  add(trial: Trial): void {
    const { index } = trial.spec;
    const known = this.byTrial.get(index)?.length ?? 0;
    if ((trial.status?.rungs.length ?? 0) > known) this.byTrial.set(index, entriesOf(trial));
  }

  remove(index: number): void {
    this.byTrial.delete(index);
  }
}

export function entriesOf({ spec, status }: Trial): readonly PopulationEntry[] {
  return (status?.rungs ?? []).map((rung) => ({
    index: spec.index,
    step: rung.step,
    order: rung.order,
    value: rungValue(rung),
    isLast: rung.verdict === 'stop',
  }));
}

export function nextArrival(entries: readonly PopulationEntry[]): number {
  return entries.reduce((max, { order }) => Math.max(max, order), -1) + 1;
}
