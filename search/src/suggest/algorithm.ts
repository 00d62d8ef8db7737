import type { Configuration } from '../space/dimension.ts';
import type { History, Problem } from './problem.ts';

export interface AlgorithmInfo {
  readonly name: string;
  /** Raised whenever the same arguments give another answer than before. */
  readonly version: number;
  /** Whether suggestions depend on the history; if not, no `basis` needs recording. */
  readonly usesHistory: boolean;
  /** Whether another seed gives another search. */
  readonly usesSeed: boolean;
  /** Whether it searches for several objectives at once, where it is one that looks at results. */
  readonly takesSeveral?: boolean;
  /** Whether it keeps away from what misses constraints. */
  readonly takesConstraints?: boolean;
  /** Whether it learns from results known before. */
  readonly takesPrior?: boolean;
  /** Results from which a suggestion takes milliseconds, and belongs on a thread; absent = never. */
  readonly heavyFrom?: number;
}

export type ProblemCode =
  | 'unknown-algorithm'
  | 'seed-not-an-integer'
  | 'max-trials-not-positive'
  | 'grid-continuous'
  | 'sobol-too-many-dimensions'
  | 'cma-es-categorical'
  | 'cma-es-conditional'
  | 'one-objective-only'
  | 'no-constraints'
  | 'no-prior'
  | 'grid-too-large'
  | 'limit-unknown'
  | 'limit-not-numeric'
  | 'limit-not-positive'
  | 'limit-factor'
  | 'limit-twice'
  | 'limit-never'
  | 'limits-not-feasible'
  | 'enqueued-not-feasible';

/** Why a problem cannot be searched as asked. */
export interface ProblemIssue {
  readonly field: 'algorithm' | 'seed' | 'maxTrials' | 'space' | 'limits' | 'enqueued';
  readonly code: ProblemCode;
  /** Position among the limits or the enqueued configurations, if it is one of them. */
  readonly at?: number;
  /** Position among the terms of that limit. */
  readonly term?: number;
  /** Name of the dimension at fault, if it is one. */
  readonly dimension?: string;
  readonly message: string;
}

type Proposal =
  | { readonly kind: 'proposed'; readonly configuration: Configuration }
  | { readonly kind: 'exhausted'; readonly reason: string };

/**
 * One way to search. `propose` is a pure function of its arguments for every index, takes any
 * history without throwing, and gives configurations of the space only; conformance.ts checks it.
 */
export interface Algorithm extends AlgorithmInfo {
  /** What stands against this algorithm on this problem; none means `propose` works. */
  check(problem: Problem): readonly ProblemIssue[];
  propose(problem: Problem, history: History, index: number): Proposal;
}
