/** Stops a trial that is not among the best 1/eta of its rung; see asha.ts. */
export interface AshaRule {
  readonly kind: 'asha';
  /** Resource at the first rung. */
  readonly min: number;
  /** Resource of a whole run: a trial is never judged there, since it ends anyway. */
  readonly max?: number;
  readonly eta: number;
  /** A rung with fewer entries than this, the trial's own included, stops nobody. */
  readonly minRungSize: number;
}

/** Stops a trial whose best so far is worse than a percentile of the others; see median.ts. */
export interface MedianRule {
  readonly kind: 'median';
  readonly min: number;
  readonly interval: number;
  readonly max?: number;
  /** The best `percentile` percent of the others go on. Default 50, the true median. */
  readonly percentile?: number;
  /** With fewer others than this nobody is stopped. Default 5. */
  readonly minEntries?: number;
}

/** Stops a trial whose value lies outside [lower, upper], whatever the goal. */
export interface ThresholdRule {
  readonly kind: 'threshold';
  readonly lower?: number;
  readonly upper?: number;
  /** Default 1. */
  readonly min?: number;
  /** Default 1. */
  readonly interval?: number;
  readonly max?: number;
}

export interface NoRule {
  readonly kind: 'none';
}

/** Pauses a trial at every rung until it is among the best 1/eta of it; see promotion.ts. */
export interface PromotionRule {
  readonly kind: 'promotion';
  /** Resource at the first rung. */
  readonly min: number;
  /** Resource of a whole run: there is nothing to be promoted to from there. */
  readonly max?: number;
  readonly eta: number;
}

/** Stops a trial only once it has stopped getting better itself; see patience.ts. */
export interface PatienceRule {
  readonly kind: 'patience';
  /** Rungs without improvement after which a trial may be stopped. */
  readonly patience: number;
  /** An improvement by no more than this is none. Default 0. */
  readonly minDelta?: number;
  /** What has to want the stop as well; with `none` lost patience is enough. */
  readonly rule: PlainRule;
  /** Where to judge if `rule` is `none`. Default 1. */
  readonly min?: number;
  /** Default 1. */
  readonly interval?: number;
  readonly max?: number;
}

/** The rules that no other is part of. */
export type PlainRule = AshaRule | MedianRule | ThresholdRule | NoRule;

export type StopRule = PlainRule | PatienceRule | PromotionRule;

export interface RungEntry {
  /** Arrival number at this rung; equal numbers did not see each other. */
  readonly order: number;
  /** The raw value as reported: may be NaN or infinite, which ranks last for either goal. */
  readonly value: number;
}

export interface OwnEntry extends RungEntry {
  /** Best finite value of the trial up to this rung, for the median rule. Default `value`. */
  readonly best?: number;
  /** The trial's own values at the rungs before, for the patience rule. Default none. */
  readonly past?: readonly number[];
}

export interface Rung {
  readonly milestone: number;
  /** Entries of the other trials; those that did not arrive before `own` are not looked at. */
  readonly entries: readonly RungEntry[];
  readonly own: OwnEntry;
}

export type VerdictReason =
  | 'NoRule'
  | 'RungTooSmall'
  | 'WithinCutoff'
  | 'BelowCutoff'
  | 'WithinThreshold'
  | 'OutsideThreshold'
  | 'StillImproving'
  | 'PatienceLost'
  | 'Promoted'
  | 'WaitsForPromotion'
  | 'ValueNotFinite';

/** `pause`: keep the checkpoint and give the slot away until a promotion names the trial. */
export interface Verdict {
  readonly kind: 'continue' | 'stop' | 'pause';
  readonly reason: VerdictReason;
  readonly message: string;
}
