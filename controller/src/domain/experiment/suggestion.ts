import type { ExperimentSpec, TrialSpec } from '@espalier/api';
import {
  algorithmInfo,
  EMPTY_HISTORY,
  type History,
  type Problem,
  type RunningEntry,
  type Suggestion,
} from '@espalier/search';
import { omitUndefined } from '../same.ts';
import { formatBasis } from './basis.ts';
import { assignmentsOf } from './problem.ts';
import type { ExperimentProgress } from './progress.ts';
import { withWaiting } from './waiting.ts';

/** What the search may see, and how the Trial records that. */
export interface SuggestionInput {
  readonly history: History;
  /** Absent for an algorithm that does not look at results. */
  readonly basis?: string;
}

/** The history for the next configuration: the same basis always gives the same one (G15). */
export function suggestionInput(
  problem: Problem,
  progress: Readonly<ExperimentProgress>,
  configuration: number,
): SuggestionInput {
  const usesHistory = algorithmInfo(problem.algorithm)?.usesHistory === true;
  return usesHistory ? historyFor(progress, configuration) : { history: EMPTY_HISTORY };
}

/** All that is known before this configuration, as far as its basis can hold it. */
export function historyFor(
  progress: Readonly<ExperimentProgress>,
  configuration: number,
  maxBytes?: number,
): SuggestionInput {
  const results = progress.results.filter(({ index }) => index < configuration);
  const basis = formatBasis(
    results.map(({ index }) => index),
    maxBytes,
  );
  const waiting = progress.waitingBelow(configuration);
  const places = new Map(waiting.map(({ index, step = 0 }) => [index, step]));
  const { text, known } = withWaiting(basis.text, places, maxBytes);
  const seen = waiting.filter(({ index }) => known.has(index));
  const entries = [...results.slice(0, basis.count), ...seen].sort(byIndex);
  const unseen = results.slice(basis.count).map(({ index, configuration: values }) => ({
    index,
    configuration: values,
  }));
  // What a full basis leaves out counts as running, just as whoever recomputes it will see it.
  const others = progress.runningBelow(configuration).filter(({ index }) => !known.has(index));
  const running = [...others, ...unseen].sort(byIndex);
  return { history: { entries, running }, basis: text };
}

function byIndex(a: RunningEntry, b: RunningEntry): number {
  return a.index - b.index;
}

/** The Trial of that index, from the answer of the search. */
export function suggestedTrial(
  spec: ExperimentSpec,
  index: number,
  replicates: number,
  suggestion: Extract<Suggestion, { kind: 'suggested' }>,
  basis: string | undefined,
): TrialSpec {
  const replicate = index % replicates;
  return omitUndefined({
    index,
    configuration: Math.floor(index / replicates),
    replicate,
    parameters: assignmentsOf(spec, suggestion.configuration, replicate),
    algorithm: suggestion.algorithm,
    basis,
  });
}

/** The Trial of that index as another replicate of a configuration that has one. */
export function replicateTrial(
  spec: ExperimentSpec,
  index: number,
  replicates: number,
  sibling: TrialSpec,
): TrialSpec {
  const replicate = index % replicates;
  const own = spec.replicates?.parameter;
  const value = spec.replicates?.values[replicate];
  const parameters = sibling.parameters.map((assignment) =>
    assignment.name === own && value !== undefined ? { name: own, int: value } : assignment,
  );
  return { ...sibling, index, replicate, parameters };
}
