import type { Goal } from '../suggest/problem.ts';
import { loss } from './rank.ts';
import type { MedianRule, Rung, Verdict } from './rule.ts';

/**
 * Stops a trial whose best so far is worse than a percentile of the others at this rung, finished or
 * not, once there are enough; with 50 the percentile is the true median.
 *
 * Others whose value is not finite count, as the worst.
 */
export function decideMedian(rule: MedianRule, goal: Goal, { entries, own }: Rung): Verdict {
  const { percentile = 50, minEntries = 5 } = rule;
  if (entries.length < minEntries) {
    const message = `${entries.length} of the ${minEntries} values that a verdict needs`;
    return { kind: 'continue', reason: 'RungTooSmall', message };
  }
  const losses = entries.map(({ value }) => loss(goal, value));
  const cutoff = quantile(losses, percentile / 100);
  const best = own.best ?? own.value;
  const ownLoss = loss(goal, best);
  const shown = goal === 'minimize' || !Number.isFinite(cutoff) ? cutoff : -cutoff;
  const message = `best so far ${best}, cutoff ${shown} from ${entries.length} values`;
  return ownLoss > cutoff
    ? { kind: 'stop', reason: 'BelowCutoff', message }
    : { kind: 'continue', reason: 'WithinCutoff', message };
}

/** Quantile by linear interpolation between the two nearest values; needs at least one. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.ceil(place)] as number;
  const weight = place - below;
  // Equal ends first: Infinity times a weight of 0 would be NaN.
  return low === high || weight === 0 ? low : low * (1 - weight) + high * weight;
}
