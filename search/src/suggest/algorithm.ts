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
  | 'cma-es-conditional';

/** Why a problem cannot be searched as asked. */
export interface ProblemIssue {
  readonly field: 'algorithm' | 'seed' | 'maxTrials' | 'space';
  readonly code: ProblemCode;
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
