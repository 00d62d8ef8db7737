import type { ObjectiveValue } from './feed-view.ts';

/** Exact up to this many points with an objective; see {@link ValueTrack}. */
const MAX_BUCKETS = 4096;

export interface TrackedValue extends ObjectiveValue {
  readonly seq: number;
}

interface Bucket {
  /** Best finite value, ties to the lowest seq. */
  best: TrackedValue | undefined;
  last: TrackedValue;
}

/** Whether `value` is strictly better; what is not finite never is, and anything finite beats it. */
export function isBetter(
  goal: 'maximize' | 'minimize',
  value: number,
  than: number | undefined,
): boolean {
  if (!Number.isFinite(value)) return false;
  if (than === undefined || !Number.isFinite(than)) return true;
  return goal === 'maximize' ? value > than : value < than;
}

/**
 * The objective along one attempt, so that best and last can be asked for any prefix of it: a resumed
 * attempt overrides what an earlier one reported beyond the checkpoint.
 *
 * Values lie in buckets of 2^k sequence numbers, each with its best and its last. k grows only when
 * more than 4,096 buckets would be in use, so the track depends on the set of points and not on their
 * order. Up to that many points every prefix is exact; beyond it, a prefix that ends inside a bucket
 * may miss values of that one bucket.
 */
export class ValueTrack {
  private readonly goal: 'maximize' | 'minimize';
  private readonly limit: number;
  private width = 1;
  private buckets = new Map<number, Bucket>();
  private whole: Bucket | undefined;

  constructor(goal: 'maximize' | 'minimize', limit = MAX_BUCKETS) {
    this.goal = goal;
    this.limit = limit;
  }

  /** Adds a value; true if it is the best so far. */
  add(value: TrackedValue): boolean {
    const number = Math.floor(value.seq / this.width);
    this.buckets.set(number, this.merge(this.buckets.get(number), bucketOf(value)));
    if (this.buckets.size > this.limit) this.coarsen();
    const before = this.whole?.best;
    this.whole = this.merge(this.whole, bucketOf(value));
    return this.whole.best !== before;
  }

  /** Best and last among the values whose seq is below `cut`. */
  before(cut: number): { best: TrackedValue | undefined; last: TrackedValue | undefined } {
    if (this.whole === undefined) return { best: undefined, last: undefined };
    if (this.whole.last.seq < cut) return this.whole;
    let best: TrackedValue | undefined;
    let last: TrackedValue | undefined;
    for (const bucket of this.buckets.values()) {
      if (bucket.best !== undefined && bucket.best.seq < cut) best = this.better(best, bucket.best);
      if (bucket.last.seq < cut) last = later(last, bucket.last);
    }
    return { best, last: later(last, best) };
  }

  private coarsen(): void {
    this.width *= 2;
    const merged = new Map<number, Bucket>();
    for (const [number, bucket] of this.buckets) {
      const half = Math.floor(number / 2);
      merged.set(half, this.merge(merged.get(half), bucket));
    }
    this.buckets = merged;
    if (merged.size > this.limit) this.coarsen();
  }

  private merge(into: Bucket | undefined, from: Bucket): Bucket {
    if (into === undefined) return { ...from };
    into.best = from.best === undefined ? into.best : this.better(into.best, from.best);
    into.last = later(into.last, from.last) ?? into.last;
    return into;
  }

  private better(a: TrackedValue | undefined, b: TrackedValue): TrackedValue {
    if (a === undefined || isBetter(this.goal, b.value, a.value)) return b;
    return b.value === a.value && b.seq < a.seq ? b : a;
  }
}

function bucketOf(value: TrackedValue): Bucket {
  return { best: Number.isFinite(value.value) ? value : undefined, last: value };
}

function later(a: TrackedValue | undefined, b: TrackedValue | undefined): TrackedValue | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.seq > a.seq ? b : a;
}
