import type { Goal } from '../suggest/problem.ts';
import type { Losses } from './losses.ts';
import { loss } from './rank.ts';
import type { OwnEntry, PromotionRule, RungEntry, Verdict } from './rule.ts';

/**
 * Lets a trial on past a rung if it arrives among the best 1/eta, and else pauses it, so that no
 * slot is spent on it before a {@link PromotionTable} names it.
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
  // Whoever came first is ahead of its equals, as in the table.
  const ahead = losses.upTo(loss(goal, own.value));
  const message = `${own.value} is behind ${ahead} of ${size} values, and ${keep} are promoted`;
  return ahead < keep
    ? { kind: 'continue', reason: 'Promoted', message }
    : { kind: 'pause', reason: 'WaitsForPromotion', message };
}

export interface PromotionEntry extends RungEntry {
  /** Number of the trial, one of its own. */
  readonly index: number;
}

export interface Promotion {
  /** Number of the trial that goes on. */
  readonly index: number;
  /** Where it waits. */
  readonly milestone: number;
}

/** How many of a rung may go on; at the end, when nothing else is left to do, at least the best one. */
function kept({ eta }: PromotionRule, size: number, isEnd: boolean): number {
  return Math.max(isEnd ? 1 : 0, Math.floor(size / eta));
}

/** Whether a trial may go on past a rung with exactly these entries, its own among them. */
export function mayPromote(
  rule: PromotionRule,
  goal: Goal,
  entries: readonly RungEntry[],
  own: RungEntry,
): boolean {
  const ahead = entries.filter((other) => other !== own && compare(goal, other, own) < 0).length;
  return Number.isFinite(own.value) && ahead < kept(rule, entries.length, true);
}

/**
 * The rungs of a promotion rule as they fill: whoever arrived, and who waits. The same arrivals give the
 * same answers in whatever order they are added.
 *
 * A trial that failed further on keeps its place in the rungs it reached and is passed over, so it
 * never holds up the others.
 */
export class PromotionTable {
  private readonly rule: PromotionRule;
  private readonly goal: Goal;
  /** Of each milestone, the best first. */
  private readonly rungs = new Map<number, PromotionEntry[]>();
  /** Where each waiting trial waits. */
  private readonly waiting = new Map<number, number>();

  constructor(rule: PromotionRule, goal: Goal) {
    this.rule = rule;
    this.goal = goal;
  }

  add(milestone: number, entry: PromotionEntry): void {
    const rung = this.rungs.get(milestone) ?? [];
    this.rungs.set(milestone, rung);
    let low = 0;
    let high = rung.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = rung[middle] as PromotionEntry;
      // Two leaders may have given the same order.
      if ((compare(this.goal, other, entry) || other.index - entry.index) <= 0) low = middle + 1;
      else high = middle;
    }
    rung.splice(low, 0, entry);
  }

  /** @param milestone undefined = the trial does not wait. */
  setWaiting(index: number, milestone: number | undefined): void {
    if (milestone === undefined) this.waiting.delete(index);
    else this.waiting.set(index, milestone);
  }

  remove(index: number): void {
    this.waiting.delete(index);
    for (const [milestone, rung] of this.rungs) {
      const rest = rung.filter((entry) => entry.index !== index);
      if (rest.length > 0) this.rungs.set(milestone, rest);
      else this.rungs.delete(milestone);
    }
  }

  /**
   * The paused trial that a free slot should resume, the highest rung first; undefined if a new
   * configuration is worth more.
   *
   * @param isEnd Whether there will be no new configuration and nothing runs: the best of each rung
   *   goes on then, however small the rung, so that one trial is trained to the end.
   */
  next(isEnd: boolean): Promotion | undefined {
    if (this.waiting.size === 0) return undefined;
    for (const milestone of [...this.rungs.keys()].sort((a, b) => b - a)) {
      const rung = this.rungs.get(milestone) ?? [];
      const best = rung.slice(0, kept(this.rule, rung.length, isEnd));
      const next = best.find(
        ({ index, value }) => Number.isFinite(value) && this.waiting.get(index) === milestone,
      );
      if (next !== undefined) return { index: next.index, milestone };
    }
    return undefined;
  }
}

/** Below 0 if `a` is ahead: better, or as good and there before. */
function compare(goal: Goal, a: RungEntry, b: RungEntry): number {
  const [left, right] = [loss(goal, a.value), loss(goal, b.value)];
  return left === right ? a.order - b.order : left < right ? -1 : 1;
}
