/** What the record of an Experiment says against what follows from it. */
export interface Verification {
  readonly trials: number;
  /** One suggestion per Trial; a further replicate is checked against the first one. */
  readonly suggestions: VerifyCount;
  /** One verdict per recorded rung. */
  readonly verdicts: VerifyCount;
  /** By ascending index, the suggestion first, then the rungs; of many only the first 1,000. */
  readonly differences: readonly Difference[];
  /** What cannot be recomputed; as many at most. */
  readonly unknowns: readonly Unknown[];
  /** Indices below the highest that no Trial has. */
  readonly missing: readonly number[];
  /** Rung entries with an arrival number that another one has: judged by two controllers at once. */
  readonly sharedOrders: number;
}

export interface VerifyCount {
  readonly equal: number;
  readonly different: number;
  /** Not recomputable. */
  readonly unknown: number;
}

/** One value of a Trial that does not follow from the record of the others. */
export interface Difference {
  readonly trial: string;
  readonly index: number;
  /** Such as `parameter lr`, `basis`, `verdict at 4`, `order at 4`. */
  readonly what: string;
  readonly recorded: string;
  readonly recomputed: string;
}

export type UnknownReason =
  /** A Trial that the suggestion or the verdict may have seen was deleted by hand. */
  | 'TrialsMissing'
  /** Computed by another version of the algorithm than this program has. */
  | 'OtherVersion'
  /** Not from the search: made from another Trial, or by an algorithm that this program lacks. */
  | 'OtherSource'
  /** The spec is not valid for this program. */
  | 'InvalidSpec';

export interface Unknown {
  readonly trial: string;
  readonly index: number;
  /** `suggestion`, or `verdict at 4`. */
  readonly what: string;
  readonly reason: UnknownReason;
  readonly message: string;
}

export interface VerifyProgress {
  /** Configurations recomputed. */
  readonly done: number;
  readonly total: number;
}

/** What was found about one thing: nothing against it, or that it cannot be told. */
export interface Finding {
  readonly differences: readonly Omit<Difference, 'trial' | 'index'>[];
  readonly unknown?: { readonly reason: UnknownReason; readonly message: string };
}

const MOST_LISTED = 1000;

/** Adds up findings. */
export class Tally {
  readonly differences: Difference[] = [];
  readonly unknowns: Unknown[] = [];
  private readonly counts = { equal: 0, different: 0, unknown: 0 };

  get count(): VerifyCount {
    return { ...this.counts };
  }

  add(trial: string, index: number, what: string, { differences, unknown }: Finding): void {
    for (const difference of differences) {
      if (this.differences.length < MOST_LISTED) {
        this.differences.push({ trial, index, ...difference });
      }
    }
    if (differences.length > 0) {
      this.counts.different += 1;
    } else if (unknown !== undefined) {
      this.counts.unknown += 1;
      if (this.unknowns.length < MOST_LISTED)
        this.unknowns.push({ trial, index, what, ...unknown });
    } else {
      this.counts.equal += 1;
    }
  }
}
