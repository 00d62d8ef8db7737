import type { Goal } from '../suggest/problem.ts';
import { loss } from './rank.ts';
import type { RungEntry } from './rule.ts';

/** The losses at one rung that a verdict looks at; what is not finite counts as Infinity. */
export interface Losses {
  readonly size: number;
  /** How many are smaller than this. */
  below(bound: number): number;
  /** How many are not larger than this. */
  upTo(bound: number): number;
  /** By linear interpolation between the two nearest; needs at least one loss. */
  quantile(share: number): number;
}

/** Losses for one verdict: nothing is prepared that it may not need. */
export function lossesOf(goal: Goal, entries: readonly RungEntry[]): Losses {
  const losses = entries.map(({ value }) => loss(goal, value));
  return {
    size: losses.length,
    below: (bound) => losses.filter((one) => one < bound).length,
    upTo: (bound) => losses.filter((one) => one <= bound).length,
    quantile: (share) => quantileOfSorted(losses.toSorted(ascending), share),
  };
}

/** Losses for many verdicts, each with some more entries than the one before. */
export class SortedLosses implements Losses {
  private readonly goal: Goal;
  private readonly sorted: number[] = [];

  constructor(goal: Goal) {
    this.goal = goal;
  }

  add(value: number): void {
    const added = loss(this.goal, value);
    this.sorted.splice(this.upTo(added), 0, added);
  }

  get size(): number {
    return this.sorted.length;
  }

  below(bound: number): number {
    return this.firstWhere((one) => one >= bound);
  }

  upTo(bound: number): number {
    return this.firstWhere((one) => one > bound);
  }

  quantile(share: number): number {
    return quantileOfSorted(this.sorted, share);
  }

  private firstWhere(holds: (loss: number) => boolean): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.sorted[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Quantile of ascending values by linear interpolation; needs at least one. */
export function quantileOfSorted(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.ceil(place)] as number;
  const weight = place - below;
  // Equal ends first: Infinity times a weight of 0 would be NaN.
  return low === high || weight === 0 ? low : low * (1 - weight) + high * weight;
}

function ascending(a: number, b: number): number {
  // Infinity minus Infinity would be NaN.
  return a === b ? 0 : a < b ? -1 : 1;
}
