import { type ExperimentSpec, mainObjective, type Population, type TrialSpec } from '@espalier/api';
import {
  algorithmInfo,
  type Configuration,
  donors,
  explore,
  type PopulationEntry,
  type Problem,
  ranked,
  standings,
  suggest,
} from '@espalier/search';
import { formatBasis } from '../experiment/basis.ts';
import { assignmentsOf } from '../experiment/problem.ts';
import { omitUndefined } from '../same.ts';

/**
 * Whose weights a new member may take, in the order in which they are asked for: the best part of the
 * population by hash; should all of them have finished or lost their checkpoints, the rest, the best first.
 */
export function donorsFor(
  spec: ExperimentSpec,
  { quantile }: Population,
  entries: readonly PopulationEntry[],
  seen: number,
  index: number,
): readonly number[] {
  const members = standings(entries, seen);
  const { goal } = mainObjective(spec);
  const best = donors(goal, quantile, members, spec.search.seed, index);
  return [...best, ...ranked(goal, members).filter((one) => !best.includes(one))];
}

/** A member whose weights are taken, with the checkpoint that was found whole. */
export interface Donor {
  readonly configuration: Configuration;
  readonly parent: NonNullable<TrialSpec['parent']>;
}

/**
 * The Trial of a member that takes a vacant place: the donor's parameters, perturbed, and its weights;
 * without a donor a random configuration that starts anew.
 *
 * @param seen How many arrivals were recorded when the donor was chosen.
 */
export function memberTrial(
  spec: ExperimentSpec,
  population: Population,
  problem: Problem,
  index: number,
  seen: number,
  donor: Donor | undefined,
): TrialSpec {
  const configuration =
    donor === undefined
      ? drawn(problem, index)
      : explore(problem, donor.configuration, index, population.resampleProbability);
  return omitUndefined({
    index,
    configuration: index,
    replicate: 0,
    parameters: assignmentsOf(spec, configuration, 0),
    algorithm: `${problem.algorithm}@${algorithmInfo(problem.algorithm)?.version}`,
    basis: arrivalsBasis(seen),
    parent: donor?.parent,
  });
}

/** The arrivals 0 to `seen` - 1 as a basis. */
export function arrivalsBasis(seen: number): string {
  return formatBasis(Array.from({ length: seen }, (_, order) => order)).text;
}

function drawn(problem: Problem, index: number): Configuration {
  const suggestion = suggest(problem, { entries: [], running: [] }, index);
  if (suggestion.kind === 'exhausted') throw new RangeError(suggestion.reason);
  return suggestion.configuration;
}
