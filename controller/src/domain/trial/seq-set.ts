/** More gaps than this are not remembered; the trainer that leaves them only hurts its own count. */
const MAX_RANGES = 1024;

/**
 * A set of sequence numbers as ascending, disjoint ranges: constant size while they arrive in order,
 * whatever their number.
 *
 * With more than 1,024 gaps the lowest gap is taken as seen, so the set stays bounded; points in it
 * would count as duplicates, the digest then differs, and the attempt ends by `deadlines.metrics`.
 */
export class SeqSet {
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private counted = 0;

  /** Numbers added so far. */
  get size(): number {
    return this.counted;
  }

  get lowest(): number | undefined {
    return this.starts[0];
  }

  /** Adds a number; false if it was there. */
  add(seq: number): boolean {
    const { starts, ends } = this;
    const last = ends.length - 1;
    if (last >= 0 && seq === (ends[last] as number) + 1) {
      ends[last] = seq;
      this.counted += 1;
      return true;
    }
    const at = this.rangeAtOrBelow(seq);
    if (at >= 0 && seq <= (ends[at] as number)) return false;
    const joinsLeft = at >= 0 && seq === (ends[at] as number) + 1;
    const joinsRight = at + 1 < starts.length && seq === (starts[at + 1] as number) - 1;
    if (joinsLeft && joinsRight) {
      ends[at] = ends[at + 1] as number;
      starts.splice(at + 1, 1);
      ends.splice(at + 1, 1);
    } else if (joinsLeft) {
      ends[at] = seq;
    } else if (joinsRight) {
      starts[at + 1] = seq;
    } else {
      starts.splice(at + 1, 0, seq);
      ends.splice(at + 1, 0, seq);
      this.bound();
    }
    this.counted += 1;
    return true;
  }

  /** The last number of those from `first` on that are there without a gap; undefined = none. */
  contiguousFrom(first: number): number | undefined {
    const at = this.rangeAtOrBelow(first);
    const end = at < 0 ? undefined : this.ends[at];
    return end === undefined || end < first ? undefined : end;
  }

  /** Ranges of numbers that are missing between others. */
  get gaps(): number {
    return Math.max(0, this.starts.length - 1);
  }

  get highest(): number | undefined {
    return this.ends.at(-1);
  }

  /** Whether the set is exactly `first` to `last`, both inclusive; nothing if `last` is below. */
  isExactly(first: number, last: number): boolean {
    if (last < first) return this.counted === 0;
    return this.starts.length === 1 && this.starts[0] === first && this.ends[0] === last;
  }

  /** Index of the last range that starts at or below `seq`; -1 if there is none. */
  private rangeAtOrBelow(seq: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private bound(): void {
    if (this.starts.length <= MAX_RANGES) return;
    this.starts.splice(1, 1);
    this.ends.splice(0, 1);
  }
}
