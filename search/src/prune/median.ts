import type { Goal } from '../suggest/problem.ts';
import type { Losses } from './losses.ts';
import { loss } from './rank.ts';
import type { MedianRule, OwnEntry, Verdict } from './rule.ts';

/**
 * Stops a trial whose best so far is worse than a percentile of the others at this rung, finished or
 * not, once there are enough; with 50 the percentile is the true median.
 *
 * Others whose value is not finite count, as the worst.
 */
export function decideMedian(rule: MedianRule, goal: Goal, losses: Losses, own: OwnEntry): Verdict {
  const { percentile = 50, minEntries = 5 } = rule;
  if (losses.size < minEntries) {
    const message = `${losses.size} of the ${minEntries} values that a verdict needs`;
    return { kind: 'continue', reason: 'RungTooSmall', message };
  }
  const cutoff = losses.quantile(percentile / 100);
  const best = own.best ?? own.value;
  const ownLoss = loss(goal, best);
  const shown = goal === 'minimize' || !Number.isFinite(cutoff) ? cutoff : -cutoff;
  const message = `best so far ${best}, cutoff ${shown} from ${losses.size} values`;
  return ownLoss > cutoff
    ? { kind: 'stop', reason: 'BelowCutoff', message }
    : { kind: 'continue', reason: 'WithinCutoff', message };
}
