import type { Configuration } from '../space/dimension.ts';
import type { ParameterLimit } from '../space/limits.ts';
import type { Space } from '../space/space.ts';

export type Goal = 'maximize' | 'minimize';

/** Everything about an Experiment that a suggestion may depend on, the history apart. */
export interface Problem {
  readonly space: Space;
  readonly goal: Goal;
  /** Name in the registry, such as `random`. */
  readonly algorithm: string;
  /** A safe integer; two seeds give unrelated searches. */
  readonly seed: number;
  /** Configurations planned; a hint for budgets, never a bound on `index`. */
  readonly maxTrials: number;
  /** The goals where there are several, `goal` the first of them; each result then has `values`. */
  readonly goals?: readonly Goal[];
  /** Whether results may miss constraints, which they tell by `violation`. */
  readonly isConstrained?: boolean;
  /** What every configuration must fulfil. */
  readonly limits?: readonly ParameterLimit[];
  /** The configurations 0, 1, ... as far as they are given; the algorithm chooses the rest. */
  readonly enqueued?: readonly Configuration[];
  /**
   * Results known before the first suggestion, of ascending indices below 0: algorithms that learn
   * from results learn from these too, and may try them again.
   */
  readonly prior?: readonly HistoryEntry[];
}

/**
 * How a configuration ended, as the search sees it. `stopped` has the value it had when a rule
 * stopped it; `diverged` and `infeasible` rank after every feasible one; `failed` has no value.
 */
export type Outcome = 'succeeded' | 'stopped' | 'failed' | 'diverged' | 'infeasible';

export interface HistoryEntry {
  /** Configuration number. */
  readonly index: number;
  readonly configuration: Configuration;
  readonly outcome: Outcome;
  /** Absent if none was reported; may be NaN or infinite, which never counts as good. */
  readonly value?: number;
  /** All objectives, the first of which is `value`; absent if there is one, or one is not known. */
  readonly values?: readonly number[];
  /** By how much constraints are missed: such results rank behind all that miss none. Default 0. */
  readonly violation?: number;
  /** How far a `stopped` one came, such as its last rung: the further, the better it ranks. */
  readonly step?: number;
}

export interface RunningEntry {
  readonly index: number;
  readonly configuration: Configuration;
}

/** What a suggestion saw: final results and lower numbers still running, each in ascending order. */
export interface History {
  readonly entries: readonly HistoryEntry[];
  readonly running: readonly RunningEntry[];
}

export const EMPTY_HISTORY: History = { entries: [], running: [] };

export type Suggestion =
  | {
      readonly kind: 'suggested';
      readonly configuration: Configuration;
      /** `name@version`, recorded on the Trial. */
      readonly algorithm: string;
      /** Whether the history was an argument of this suggestion: if so, record `basis`. */
      readonly usesHistory: boolean;
    }
  | { readonly kind: 'exhausted'; readonly reason: string };
