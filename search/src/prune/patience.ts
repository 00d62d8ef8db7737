import type { Goal } from '../suggest/problem.ts';
import { loss } from './rank.ts';
import type { OwnEntry, PatienceRule, PlainRule, Verdict } from './rule.ts';

/**
 * Stops a trial that has not got better for `patience` rungs, if the wrapped rule stops it too; a
 * trial that still gets better goes on however far it is behind.
 *
 * @param decideInner The verdict of the wrapped rule at this rung.
 */
export function decidePatience(
  { patience, minDelta = 0, rule }: PatienceRule,
  goal: Goal,
  own: OwnEntry,
  decideInner: (inner: PlainRule) => Verdict,
): Verdict {
  const losses = [...(own.past ?? []), own.value].map((value) => loss(goal, value));
  const recent = losses.slice(-patience);
  const before = losses.slice(0, -patience);
  const [best, bestBefore] = [least(recent), least(before)];
  // Without a value from before nothing can have failed to improve.
  const hasImproved = before.length === 0 || best < bestBefore - minDelta;
  if (hasImproved) {
    const message = `it got better within its last ${patience} rungs`;
    return { kind: 'continue', reason: 'StillImproving', message };
  }
  if (rule.kind !== 'none') return decideInner(rule);
  const message = `no value of the last ${patience} rungs is better by more than ${minDelta}`;
  return { kind: 'stop', reason: 'PatienceLost', message };
}

function least(losses: readonly number[]): number {
  return losses.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}
