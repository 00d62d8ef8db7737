import type { Goal } from '../suggest/problem.ts';

/**
 * A value turned so that smaller is better, whatever the goal. What is not finite becomes Infinity,
 * behind every number: neither NaN nor an overflow may win.
 */
export function loss(goal: Goal, value: number): number {
  if (!Number.isFinite(value)) return Number.POSITIVE_INFINITY;
  return goal === 'minimize' ? value : -value;
}

/** The values of all objectives, each turned so that smaller is better. */
export function lossesOf(goals: readonly Goal[], values: readonly number[]): readonly number[] {
  return goals.map((goal, m) => loss(goal, values[m] ?? Number.NaN));
}

/** The best of the finite values, or `undefined` if there is none. */
export function bestFinite(goal: Goal, values: readonly number[]): number | undefined {
  let best: number | undefined;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (best === undefined || loss(goal, value) < loss(goal, best)) best = value;
  }
  return best;
}
