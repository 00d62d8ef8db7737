import type { Goal } from '../suggest/problem.ts';
import { decideAsha } from './asha.ts';
import { type Losses, lossesOf } from './losses.ts';
import { decideMedian } from './median.ts';
import { decidePatience } from './patience.ts';
import { decidePromotion } from './promotion.ts';
import type { OwnEntry, Rung, StopRule, Verdict } from './rule.ts';
import { decideThreshold } from './threshold.ts';

/**
 * Decides whether a trial goes on past a rung; the same values always give the same verdict.
 *
 * Entries that did not arrive before the trial's own are left out, so the verdict can be recomputed
 * from the record at any later time. A value that is not finite stops under every rule but `none`:
 * a diverged trial must not hold a slot.
 */
export function decide(rule: StopRule, goal: Goal, { milestone, entries, own }: Rung): Verdict {
  const seen = entries.filter(({ order }) => order < own.order);
  return decideAmong(rule, goal, { milestone, losses: lossesOf(goal, seen), own });
}

/** A trial at a rung, and what it saw there of the others. */
export interface Arrival {
  readonly milestone: number;
  readonly losses: Losses;
  readonly own: OwnEntry;
}

/** As {@link decide}, among losses that all arrived before. */
export function decideAmong(rule: StopRule, goal: Goal, arrival: Arrival): Verdict {
  const { milestone, losses, own } = arrival;
  if (rule.kind === 'none') {
    return { kind: 'continue', reason: 'NoRule', message: 'there is no early stopping' };
  }
  if (!Number.isFinite(own.value)) {
    const message = `the value at ${milestone} is ${own.value}`;
    return { kind: 'stop', reason: 'ValueNotFinite', message };
  }
  switch (rule.kind) {
    case 'asha':
      return decideAsha(rule, goal, losses, own);
    case 'median':
      return decideMedian(rule, goal, losses, own);
    case 'threshold':
      return decideThreshold(rule, own);
    case 'promotion':
      return decidePromotion(rule, goal, losses, own);
    case 'patience':
      return decidePatience(rule, goal, own, (inner) => decideAmong(inner, goal, arrival));
  }
}
