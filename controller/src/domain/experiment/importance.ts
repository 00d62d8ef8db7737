import type { ExperimentSpec, Trial } from '@espalier/api';
import { importance, type ParameterImportance } from '@espalier/search';
import { problemOf } from './check.ts';
import { progressOf } from './progress.ts';

/**
 * How much each searched parameter decides, from the configurations that ended, the most important
 * first; by the search's own reading of the Trials. Nothing is known, and the answer empty, while fewer
 * than four have ended: the best tenth of three is not told from the rest.
 */
export function importanceOf(
  spec: ExperimentSpec,
  trials: readonly Trial[],
): readonly ParameterImportance[] {
  const entries = progressOf(spec, trials).results;
  if (entries.length < LEAST_RESULTS) return [];
  return importance(problemOf(spec), { entries, running: [] });
}

const LEAST_RESULTS = 4;
