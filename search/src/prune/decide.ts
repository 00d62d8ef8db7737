import type { Goal } from '../suggest/problem.ts';
import { decideAsha } from './asha.ts';
import { decideMedian } from './median.ts';
import { decidePatience } from './patience.ts';
import { decidePromotion } from './promotion.ts';
import type { Rung, StopRule, Verdict } from './rule.ts';
import { decideThreshold } from './threshold.ts';

/**
 * Decides whether a trial goes on past a rung; the same values always give the same verdict.
 *
 * Entries that did not arrive before the trial's own are left out, so the verdict can be recomputed
 * from the record at any later time. A value that is not finite stops under every rule but `none`:
 * a diverged trial must not hold a slot.
 */
export function decide(rule: StopRule, goal: Goal, rung: Rung): Verdict {
  if (rule.kind === 'none') {
    return { kind: 'continue', reason: 'NoRule', message: 'there is no early stopping' };
  }
  if (!Number.isFinite(rung.own.value)) {
    const message = `the value at ${rung.milestone} is ${rung.own.value}`;
    return { kind: 'stop', reason: 'ValueNotFinite', message };
  }
  const seen = { ...rung, entries: rung.entries.filter(({ order }) => order < rung.own.order) };
  switch (rule.kind) {
    case 'asha':
      return decideAsha(rule, goal, seen);
    case 'median':
      return decideMedian(rule, goal, seen);
    case 'threshold':
      return decideThreshold(rule, seen);
    case 'promotion':
      return decidePromotion(rule, goal, seen);
    case 'patience':
      return decidePatience(rule, goal, rung, (inner) => decide(inner, goal, rung));
  }
}
