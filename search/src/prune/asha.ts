import type { Goal } from '../suggest/problem.ts';
import type { Losses } from './losses.ts';
import { loss } from './rank.ts';
import type { AshaRule, OwnEntry, Verdict } from './rule.ts';

/**
 * Stops a trial that is not among the best 1/eta of those that have reached this rung.
 *
 * The paper promotes nobody below eta entries and lets the trial wait; a running trial cannot wait,
 * so the best one always goes on, and below `minRungSize` all do. Ties go on together.
 *
 * @see Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2020), the stopping variant.
 */
export function decideAsha(rule: AshaRule, goal: Goal, losses: Losses, own: OwnEntry): Verdict {
  const size = losses.size + 1;
  if (size < rule.minRungSize) {
    const message = `${size} of the ${rule.minRungSize} values that a verdict needs`;
    return { kind: 'continue', reason: 'RungTooSmall', message };
  }
  const keep = Math.max(1, Math.floor(size / rule.eta));
  const better = losses.below(loss(goal, own.value));
  const message = `${own.value} is behind ${better} of ${size} values, and ${keep} go on`;
  return better < keep
    ? { kind: 'continue', reason: 'WithinCutoff', message }
    : { kind: 'stop', reason: 'BelowCutoff', message };
}
