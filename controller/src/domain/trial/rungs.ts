import type { Rung, TrialStatus } from '@espalier/api';
import {
  bestFinite,
  decide,
  type Goal,
  type OwnEntry,
  type RungEntry,
  type StopRule,
} from '@espalier/search';
import type { FeedView } from './feed-view.ts';

/** The recorded value of a rung; JSON carries what is not finite as text. */
export function rungValue({ value }: Pick<Rung, 'value'>): number {
  return Number(value);
}

/** As {@link rungValue} reads it back. */
export function encodeRungValue(value: number): Rung['value'] {
  return Number.isFinite(value) ? value : (String(value) as Rung['value']);
}

/** How a Trial appears to others at a rung. */
export function rungEntry(rung: Rung): RungEntry {
  return { order: rung.order, value: rungValue(rung) };
}

/** How a Trial appears to itself at a rung: its values at the rungs so far, the last one its own. */
export function ownEntry(goal: Goal, order: number, values: readonly number[]): OwnEntry {
  const value = values.at(-1) ?? Number.NaN;
  const past = values.slice(0, -1);
  const best = bestFinite(goal, values);
  return best === undefined ? { order, value, past } : { order, value, past, best };
}

/** The arrival number after the highest one that is recorded. */
export function nextOrder(entries: readonly RungEntry[]): number {
  return entries.reduce((max, { order }) => Math.max(max, order), -1) + 1;
}

/** The rung at which the Trial has to wait for a promotion; undefined = at none. */
export function waitingRung({ rungs }: Pick<TrialStatus, 'rungs'>): Rung | undefined {
  return rungs.find(({ verdict, promoted }) => verdict === 'pause' && promoted === undefined);
}

/**
 * Judgements on the milestones that the reports show and the record does not, in ascending order; the
 * first stop or pause is the last one.
 *
 * Each is given the arrival number after the highest one recorded at its rung, so it must be written
 * before the next one at that rung is made; whoever calls this sees to that.
 *
 * @param entries Records of all Trials that are judged together, by milestone.
 */
export function judge(
  rule: StopRule,
  goal: Goal,
  status: TrialStatus,
  feed: FeedView,
  entries: ReadonlyMap<number, readonly RungEntry[]>,
): readonly Rung[] {
  if (rule.kind === 'none' || status.rungs.some(({ verdict }) => verdict === 'stop')) return [];
  if (waitingRung(status) !== undefined) return [];
  const known = new Set(status.rungs.map(({ step }) => step));
  const values = status.rungs.map(rungValue);
  const judged: Rung[] = [];
  for (const { milestone, value } of feed.milestones) {
    if (known.has(milestone)) continue;
    const others = entries.get(milestone) ?? [];
    const order = nextOrder(others);
    values.push(value);
    const own = ownEntry(goal, order, values);
    const { kind } = decide(rule, goal, { milestone, entries: others, own });
    judged.push({ step: milestone, value: encodeRungValue(value), order, verdict: kind });
    if (kind !== 'continue') break;
  }
  return judged;
}
