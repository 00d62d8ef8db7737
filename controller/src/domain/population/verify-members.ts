import { type ExperimentSpec, mainObjective, type Population, type Trial } from '@espalier/api';
import { isPoor, type PopulationEntry, type Problem } from '@espalier/search';
import { configurationOf } from '../experiment/problem.ts';
import type { ExperimentProgress } from '../experiment/progress.ts';
import { basisDifference, specDifferences } from '../experiment/verify-differences.ts';
import type { Finding } from '../experiment/verify-result.ts';
import { entriesOf, nextArrival } from './arrivals.ts';
import { arrivalsBasis, type Donor, donorsFor, memberTrial } from './new-member.ts';
import { populationOf } from './population.ts';

/** What the record of a population is recomputed from. */
export interface PopulationRecord {
  readonly spec: ExperimentSpec;
  readonly population: Population;
  readonly problem: Problem;
  readonly progress: ExperimentProgress;
  /** Of all members, by ascending arrival number. */
  readonly entries: readonly PopulationEntry[];
}

/** Undefined for an Experiment without a population. */
export function populationRecord(
  spec: ExperimentSpec,
  problem: Problem,
  progress: ExperimentProgress,
): PopulationRecord | undefined {
  const population = populationOf(spec);
  if (population === undefined) return undefined;
  const entries = progress.all().flatMap(entriesOf);
  entries.sort((a, b) => a.order - b.order);
  return { spec, population, problem, progress, entries };
}

/**
 * A member behind the first ones: its parameters follow from its donor's, and its donor is one of those
 * that the arrivals in its basis leave. Which of them had a whole checkpoint stands in no record, so any
 * of them may be named, or none.
 */
export function memberFinding(record: PopulationRecord, { spec: own }: Trial): Finding {
  const { spec, population, problem, progress, entries } = record;
  const arrived = nextArrival(entries);
  const seen = seenIn(own.basis);
  if (seen === undefined || seen > arrived) {
    return { differences: [basisDifference(own.basis, `at most ${arrivalsBasis(arrived)}`)] };
  }
  const { parent } = own;
  const numbers = donorsFor(spec, population, entries, seen, own.index);
  const candidates = numbers.flatMap((number) => progress.trialsOf(number));
  const donor = candidates.find(({ metadata }) => metadata.name === parent?.trial);
  if (parent !== undefined && donor === undefined) {
    const lost = lostBefore(progress, own.index);
    if (lost !== undefined) {
      const message = `Trial ${lost} was deleted by hand, which may have been a donor`;
      return { differences: [], unknown: { reason: 'TrialsMissing', message } };
    }
    const names = candidates.slice(0, 20).map(({ metadata }) => metadata.name);
    const recomputed = names.length === 0 ? 'none' : `one of ${names.join(', ')}`;
    return { differences: [{ what: 'parent', recorded: parent.trial, recomputed }] };
  }
  let found: Donor | undefined;
  if (parent !== undefined && donor !== undefined) {
    // The step and the epoch are those of the checkpoint that was found whole.
    const wanted = { ...parent, uid: donor.metadata.uid };
    found = { parent: wanted, configuration: configurationOf(spec, donor.spec) };
  }
  const wanted = memberTrial(spec, population, problem, own.index, seen, found);
  return { differences: specDifferences(own, wanted) };
}

/** Whether a member is among the worst, by the arrivals of lower number among these. */
export function isPoorMember(
  { spec, population }: PopulationRecord,
  others: Parameters<typeof isPoor>[2],
  value: number,
): boolean {
  return isPoor(mainObjective(spec).goal, population.quantile, others, value);
}

/** The lowest index of a Trial that is not there. */
function lostBefore(progress: ExperimentProgress, index: number): number | undefined {
  for (let number = 0; number < index; number++) {
    if (progress.trialsOf(number).length === 0) return number;
  }
  return undefined;
}

/** How many arrivals a basis names; undefined for any text that is not ours. */
function seenIn(basis: string | undefined): number | undefined {
  if (basis === '') return 0;
  const last = /^(?:0-)?(\d{1,9})$/.exec(basis ?? '')?.[1];
  const seen = Number(last ?? Number.NaN) + 1;
  return seen <= MAX_ARRIVALS && arrivalsBasis(seen) === basis ? seen : undefined;
}

/** As many Trials as there can be, with as many rungs. */
const MAX_ARRIVALS = 6_400_000;
