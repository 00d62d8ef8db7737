import { type ExperimentSpec, mainObjective, type Rung, type Trial } from '@espalier/api';
import { type Promotion, PromotionTable, type RungEntry } from '@espalier/search';
import { nextOrder, rungEntry, waitingRung } from '../trial/rungs.ts';
import { type StopRules, stopRulesOf } from './stop-rule.ts';

type Entries = ReadonlyMap<number, readonly RungEntry[]>;

const NOTHING: Entries = new Map();

/**
 * Recorded rung entries of all Trials, by the group that is judged together (a bracket) and milestone.
 * A Trial's rungs only grow, so an older state of it takes nothing away.
 */
export class RungTable {
  private readonly rules: StopRules;
  private readonly groups = new Map<number, Map<number, RungEntry[]>>();
  private readonly byTrial = new Map<number, TrialEntries>();
  private readonly promotions: PromotionTable | undefined;

  constructor(spec: ExperimentSpec) {
    this.rules = stopRulesOf(spec);
    const [rule] = this.rules.rules;
    this.promotions =
      rule?.kind === 'promotion' ? new PromotionTable(rule, mainObjective(spec).goal) : undefined;
  }

  /** What the Trials of that configuration are judged among, by milestone. */
  of(configuration: number): Entries {
    return this.groups.get(this.rules.groupOf(configuration)) ?? NOTHING;
  }

  /** The paused Trial that a free slot should resume; see {@link PromotionTable.next}. */
  promotable(isEnd: boolean): Promotion | undefined {
    return this.promotions?.next(isEnd);
  }

  /** How many have arrived at a rung, those included whose entry this cache does not show yet. */
  arrivals(configuration: number, milestone: number): number {
    return nextOrder(this.of(configuration).get(milestone) ?? []);
  }

  add({ spec, status }: Trial): void {
    const { index, configuration } = spec;
    const rungs = status?.rungs ?? [];
    if (rungs.length === 0 && !this.byTrial.has(index)) return;
    const group = this.rules.groupOf(configuration);
    const known = this.byTrial.get(index) ?? { group, entries: new Map() };
    this.byTrial.set(index, known);
    for (const rung of rungs.slice(known.entries.size)) {
      if (!known.entries.has(rung.step)) this.insert(index, known, rung);
    }
    const waits = status?.phase === 'Paused' ? waitingRung(status) : undefined;
    this.promotions?.setWaiting(index, waits?.step);
  }

  remove(index: number): void {
    const { group, entries } = this.byTrial.get(index) ?? {};
    const table = group === undefined ? undefined : this.groups.get(group);
    for (const [step, entry] of entries ?? []) {
      const rest = (table?.get(step) ?? []).filter((other) => other !== entry);
      if (rest.length > 0) table?.set(step, rest);
      else table?.delete(step);
    }
    this.byTrial.delete(index);
    this.promotions?.remove(index);
  }

  private insert(index: number, { group, entries }: TrialEntries, rung: Rung): void {
    const entry = rungEntry(rung);
    entries.set(rung.step, entry);
    const table = this.groups.get(group) ?? new Map<number, RungEntry[]>();
    this.groups.set(group, table);
    const at = table.get(rung.step);
    if (at === undefined) table.set(rung.step, [entry]);
    else at.push(entry);
    this.promotions?.add(rung.step, { ...entry, index });
  }
}

interface TrialEntries {
  readonly group: number;
  readonly entries: Map<number, RungEntry>;
}
