/** What a fold looks for in the reports of one Trial. */
export interface FoldInterest {
  readonly metric: string;
  readonly goal: 'maximize' | 'minimize';
  /** Further metrics of which the best and the last value count; absent = none. */
  readonly others?: readonly { readonly metric: string; readonly goal: 'maximize' | 'minimize' }[];
  /** Unit of the milestones. */
  readonly resource: 'epoch' | 'step';
  /** Ascending; may be empty. */
  readonly milestones: readonly number[];
}

/**
 * What the trainers of one Trial have reported so far, folded over its attempts. Idempotent and
 * independent of the order in which the points arrived (G6).
 */
export interface FeedView {
  /** Distinct points folded. */
  readonly points: number;
  /** When the first and the latest report of the current attempt arrived, by our clock. */
  readonly firstReportMs?: number;
  readonly lastReportMs?: number;
  /** The largest step and epoch reported. */
  readonly lastStep: number;
  readonly lastEpoch: number;
  /** Epochs of a complete run, if the trainer said so. */
  readonly epochs?: number;
  /** The objective: the best finite value, ties to the earliest point; undefined = none reported. */
  readonly best?: ObjectiveValue;
  /** The objective of the latest point that has one; may be NaN or infinite. */
  readonly last?: ObjectiveValue;
  /** The same of each of the interest's `others`, in their order; absent = it has none. */
  readonly others?: readonly MetricEnds[];
  /** For each milestone of the rule that was passed: the value of the first point at or past it. */
  readonly milestones: readonly MilestoneValue[];
  /** Latest value of every metric (bounded), for tables and gauges. */
  readonly latest: Readonly<Record<string, number>>;
  /**
   * Whether no point before the last one is missing. Otherwise this is not all that was reported, and
   * a milestone behind the gap is not shown: what is missing might have passed it first.
   */
  readonly isWhole: boolean;
  /**
   * Whether the files of the attempt may tell what is missing here; absent = they were asked, or this
   * feed reads the report itself.
   */
  readonly canRecover?: boolean;
  /**
   * Whether every report of the trial is here, and of the current attempt: its `finished` line with a matching digest,
   * or (file reports) the end of the file after the end of the process.
   */
  readonly complete: boolean;
}

/** How much of what one attempt sent has arrived. */
export interface AttemptProgress {
  /** Every point of the attempt up to this `seq` is there; -1 = none. */
  readonly contiguousTo: number;
  readonly hasStarted: boolean;
  readonly hasFinished: boolean;
}

/** The best and the last value of one metric; see {@link FeedView.best}. */
export interface MetricEnds {
  readonly best?: ObjectiveValue;
  readonly last?: ObjectiveValue;
}

export interface ObjectiveValue {
  readonly value: number;
  readonly step: number;
  readonly epoch: number;
}

export interface MilestoneValue {
  readonly milestone: number;
  /** May be NaN or infinite. */
  readonly value: number;
}
