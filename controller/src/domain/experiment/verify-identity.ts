import { type Trial, trialName } from '@espalier/api';
import type { Difference } from './verify-result.ts';

/**
 * The index stands in the name, and the rest follows from it.
 *
 * @param replicates Of each configuration; undefined in a race, where both are decided trial by trial.
 */
export function identityProblem(
  experiment: string,
  { metadata, spec }: Trial,
  replicates: number | undefined,
): Omit<Difference, 'trial' | 'index'> | undefined {
  const { index, configuration, replicate } = spec;
  const name = trialName(experiment, index);
  if (metadata.name !== name) {
    return { what: 'index', recorded: String(index), recomputed: `that of ${name}` };
  }
  // What a race gives an index to is checked with its decisions.
  if (replicates === undefined) return undefined;
  const wanted = `${Math.floor(index / replicates)}, ${index % replicates}`;
  const recorded = `${configuration}, ${replicate}`;
  if (recorded === wanted) return undefined;
  return { what: 'configuration and replicate', recorded, recomputed: wanted };
}

/** Indices below the highest without a Trial; the rest of a configuration with a fault was not made. */
export function missingIndices(
  trials: readonly Trial[],
  replicates: number,
  hasFault: (configuration: number) => boolean,
): readonly number[] {
  const missing: number[] = [];
  let next = 0;
  for (const { spec } of trials) {
    for (; next < spec.index; next++) {
      const configuration = Math.floor(next / replicates);
      const isRest = configuration < spec.configuration && hasFault(configuration);
      if (!isRest || next % replicates === 0) missing.push(next);
    }
    next = spec.index + 1;
  }
  return missing;
}
