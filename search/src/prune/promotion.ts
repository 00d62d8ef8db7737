import type { Goal } from '../suggest/problem.ts';
import type { Losses } from './losses.ts';
import { loss } from './rank.ts';
import type { OwnEntry, PromotionRule, RungEntry, Verdict } from './rule.ts';

/**
 * Lets a trial on past a rung if it arrives among the best 1/eta, and else pauses it, so that no
 * slot is spent on it before `nextPromotion` finds it there.
 *
 * @see Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2020), algorithm 2.
 */
export function decidePromotion(
  { eta }: PromotionRule,
  goal: Goal,
  losses: Losses,
  own: OwnEntry,
): Verdict {
  const size = losses.size + 1;
  const keep = Math.floor(size / eta);
  // Whoever came first is ahead of its equals, as in `nextPromotion`.
  const ahead = losses.upTo(loss(goal, own.value));
  const message = `${own.value} is behind ${ahead} of ${size} values, and ${keep} are promoted`;
  return ahead < keep
    ? { kind: 'continue', reason: 'Promoted', message }
    : { kind: 'pause', reason: 'WaitsForPromotion', message };
}

export interface PromotionEntry extends RungEntry {
  /** Configuration number. */
  readonly index: number;
  /** Whether the trial waits at this rung; one that went on, ended or failed does not. */
  readonly isPaused: boolean;
}

export interface PromotionRung {
  readonly milestone: number;
  /** All that ever arrived, whatever became of them. */
  readonly entries: readonly PromotionEntry[];
}

export interface Promotion {
  /** Configuration number of the trial that goes on. */
  readonly index: number;
  /** Where it waits. */
  readonly milestone: number;
}

/**
 * The paused trial that a free slot should resume, the highest rung first; `undefined` if a new
 * configuration is worth more. The same rungs give the same answer, in whatever order.
 *
 * A trial that failed further on keeps its place in the rungs it reached and is passed over, so it
 * never holds up the others.
 */
export function nextPromotion(
  { eta }: PromotionRule,
  goal: Goal,
  rungs: readonly PromotionRung[],
): Promotion | undefined {
  for (const { milestone, entries } of rungs.toSorted((a, b) => b.milestone - a.milestone)) {
    const ranked = entries
      .filter(({ value }) => Number.isFinite(value))
      .toSorted((a, b) => loss(goal, a.value) - loss(goal, b.value) || a.order - b.order);
    const best = ranked.slice(0, Math.floor(entries.length / eta));
    const next = best.find(({ isPaused }) => isPaused);
    if (next !== undefined) return { index: next.index, milestone };
  }
  return undefined;
}
