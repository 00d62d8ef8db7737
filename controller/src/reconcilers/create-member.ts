import type { Experiment, Population, Trial } from '@espalier/api';
import type { Problem } from '@espalier/search';
import { configurationOf } from '../domain/experiment/problem.ts';
import { type Donor, donorsFor, memberTrial } from '../domain/population/new-member.ts';
import { mayDonate } from '../domain/population/population.ts';
import type { DonorPoint } from '../ports/artifact-store.ts';
import type { Call, Cluster } from '../ports/cluster.ts';
import type { ExperimentEntry } from './experiment-index.ts';

/** What it takes to fill a vacant place of a population. */
export interface Vacancy {
  readonly experiment: Experiment;
  readonly population: Population;
  readonly problem: Problem;
  readonly entry: ExperimentEntry;
  /** Chooses a checkpoint of the donor for the Trial of that index. */
  readonly keep: (donor: Trial, index: number) => Promise<DonorPoint | undefined>;
}

/**
 * Creates the member of that index: from the first donor that has a whole checkpoint, else anew. The name
 * of a Trial is fixed, so whoever creates it first has chosen its donor.
 */
export async function createMember(
  index: number,
  { experiment, population, problem, entry, keep }: Vacancy,
  cluster: Pick<Cluster, 'createTrial'>,
  call: Call,
): Promise<Trial> {
  const { spec } = experiment;
  const { progress } = entry;
  const entries = progress.arrivals?.entries ?? [];
  const seen = progress.arrivals?.next ?? 0;
  let found: Donor | undefined;
  for (const number of donorsFor(spec, population, entries, seen, index)) {
    const [donor] = progress.trialsOf(number);
    if (donor === undefined || !mayDonate(donor)) continue;
    const point = await keep(donor, index);
    if (point === undefined) continue;
    const { name, uid } = donor.metadata;
    const configuration = configurationOf(spec, donor.spec);
    found = { configuration, parent: { trial: name, uid, ...point } };
    break;
  }
  const wanted = memberTrial(spec, population, problem, index, seen, found);
  return cluster.createTrial(experiment, wanted, call);
}
