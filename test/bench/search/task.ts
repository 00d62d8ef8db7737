import {
  type Configuration,
  compileSpace,
  type Dimension,
  EMPTY_HISTORY,
  type Problem,
  suggest,
} from '@espalier/search';

export type Family = 'hpobench' | 'hpolib' | 'nb201' | 'synthetic' | 'conditional';

/** Something to minimise, another one for each seed where it can be. */
export interface Task {
  readonly family: Family;
  readonly name: string;
  /** Continuous and without local optima: where a Gaussian process should be at its best. */
  readonly isSmooth: boolean;
  readonly dimensions: readonly Dimension[];
  readonly instanceOf: (seed: number) => Instance;
}

export interface Instance {
  readonly objective: (configuration: Configuration) => number;
  /** The least value. */
  readonly optimum: number;
  /** What half of the space is better than. */
  readonly median: number;
}

/** Regret as a share of what a random guess has: 0 is the optimum, 1 the median of the space. */
export function normalisedRegret({ optimum, median }: Instance, value: number): number {
  return Math.max(0, (value - optimum) / (median - optimum));
}

const SAMPLES = 2001;

/** The median of an objective over configurations drawn at random, other ones than a search draws. */
export function sampledMedian(
  dimensions: readonly Dimension[],
  seed: number,
  objective: (configuration: Configuration) => number,
): number {
  const problem: Problem = {
    space: compileSpace(dimensions),
    ...{ goal: 'minimize', algorithm: 'random', seed: -1 - seed, maxTrials: SAMPLES },
  };
  const values = Array.from({ length: SAMPLES }, (_, index) => {
    const suggestion = suggest(problem, EMPTY_HISTORY, index);
    if (suggestion.kind === 'exhausted') throw new Error(suggestion.reason);
    return objective(suggestion.configuration);
  });
  return values.toSorted((a, b) => a - b)[(SAMPLES - 1) / 2] as number;
}
