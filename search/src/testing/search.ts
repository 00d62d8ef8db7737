import { compileSpace } from '../space/compile.ts';
import type { Configuration, Dimension } from '../space/dimension.ts';
import type { Goal, HistoryEntry, RunningEntry } from '../suggest/problem.ts';
import { suggest } from '../suggest/suggest.ts';

export function float(name: string, min = 0, max = 1): Dimension {
  return { name, kind: 'float', min, max, scale: 'linear' };
}

export interface SearchRun {
  readonly dimensions: readonly Dimension[];
  readonly algorithm: string;
  readonly seed: number;
  readonly trials: number;
  readonly goal?: Goal;
  /** Configurations at a time; the oldest ends first. Default 1. */
  readonly workers?: number;
  readonly objective: (configuration: Record<string, number>) => number;
}

/** Runs a search on a function and gives the best value of all. */
export function runSearch(run: SearchRun): { best: number; entries: readonly HistoryEntry[] } {
  const { dimensions, algorithm, seed, trials, goal = 'minimize', workers = 1, objective } = run;
  const problem = {
    space: compileSpace(dimensions),
    ...{ goal, algorithm, seed, maxTrials: trials },
  };
  const entries: HistoryEntry[] = [];
  const running: RunningEntry[] = [];
  for (let index = 0; index < trials; index++) {
    const suggestion = suggest(problem, { entries, running }, index);
    if (suggestion.kind === 'exhausted') break;
    running.push({ index, configuration: suggestion.configuration });
    const oldest = running.length >= workers ? running.shift() : undefined;
    if (oldest !== undefined) entries.push(succeeded(oldest, objective));
  }
  const values = entries.map(({ value = Number.NaN }) => value);
  return { best: goal === 'minimize' ? Math.min(...values) : Math.max(...values), entries };
}

function succeeded(
  { index, configuration }: RunningEntry,
  objective: SearchRun['objective'],
): HistoryEntry {
  const value = objective(configuration as Record<string, number>);
  return { index, configuration, outcome: 'succeeded', value };
}

/** Mean of the best values over seeds 1, 2, ... */
export function meanBest(run: Omit<SearchRun, 'seed'>, seeds: number): number {
  let sum = 0;
  for (let seed = 1; seed <= seeds; seed++) sum += runSearch({ ...run, seed }).best;
  return sum / seeds;
}

/** A finished history of given configurations, in order. */
export function finished(
  configurations: readonly Configuration[],
  resultOf: (index: number) => Partial<HistoryEntry>,
): HistoryEntry[] {
  return configurations.map((configuration, index) => ({
    ...{ index, configuration, outcome: 'succeeded' },
    ...resultOf(index),
  }));
}
