import type { ExperimentSpec, TrialSpec } from '@espalier/api';
import {
  type Configuration,
  type Goal,
  type History,
  type HistoryEntry,
  type RunningEntry,
  type Suggestion,
  shrunkenMeans,
} from '@espalier/search';
import { omitUndefined } from '../same.ts';
import type { ConfigurationState } from './configuration.ts';
import { assignmentsOf, replicateValue } from './problem.ts';
import type { ExperimentProgress } from './progress.ts';
import { type Begun, begin, type Race, type RaceTurn, raceTurn } from './race.ts';
import { formatRaceBasis, type RaceKnown } from './race-basis.ts';

/** The next Trial of a race, and all that it was chosen by. */
export interface RaceMove {
  readonly turn: RaceTurn;
  readonly basis: string;
  readonly known: RaceKnown;
}

/** What comes next in a race, from all its Trials; undefined = nothing, before more results are known. */
export function nextMove(
  race: Race,
  goal: Goal,
  progress: Readonly<ExperimentProgress>,
  canBegin: boolean,
): RaceMove | undefined {
  const { text: basis, known } = formatRaceBasis(knownOf(race, progress));
  const begun = Array.from({ length: progress.created }, (_, number) => {
    return progress
      .trialsOf(number)
      .reduce<Begun | undefined>((sum, { spec }) => begin(sum, race, spec.replicate), undefined);
  });
  const valuesOf = (number: number) => progress.stateOf(number)?.raceValues ?? [];
  const turn = raceTurn(race, goal, { begun, known, valuesOf, canBegin });
  return turn && { turn, basis, known };
}

function knownOf({ sizes }: Race, progress: Readonly<ExperimentProgress>): RaceKnown {
  const numbers = Array.from({ length: progress.created }, (_, number) => number);
  const reached = numbers.map((number) => progress.stateOf(number)?.raceValues.length ?? 0);
  return {
    rungs: sizes.map((size) => numbers.filter((number) => (reached[number] ?? 0) >= size)),
    faults: numbers.filter((number) => progress.stateOf(number)?.fault !== undefined),
  };
}

/** What the search is told of a configuration. */
interface Told {
  readonly state: Pick<ConfigurationState, 'fault' | 'raceValues'> | undefined;
  readonly configuration: Configuration;
}

/**
 * The history for a new configuration of a race: of each configuration the mean over the replicates that
 * were known, drawn towards the mean of all the more the fewer there are.
 */
export function raceHistory(
  { sizes }: Race,
  { rungs, faults }: RaceKnown,
  number: number,
  toldOf: (configuration: number) => Told | undefined,
): History {
  const entries: HistoryEntry[] = [];
  const running: RunningEntry[] = [];
  const groups: { readonly at: number; readonly values: readonly number[] }[] = [];
  const gone = new Set(faults);
  const known = rungs.map((numbers) => new Set(numbers));
  for (let index = 0; index < number; index++) {
    const told = toldOf(index);
    if (told === undefined) continue;
    const { state, configuration } = told;
    const rung = known.findLastIndex((numbers) => numbers.has(index));
    if (gone.has(index)) {
      const outcome = state?.fault === 'diverged' ? 'diverged' : 'infeasible';
      entries.push({ index, configuration, outcome });
    } else if (rung < 0) {
      running.push({ index, configuration });
    } else {
      const values = state?.raceValues.slice(0, sizes[rung]) ?? [];
      if (values.length > 0) groups.push({ at: entries.length, values });
      entries.push({ index, configuration, outcome: 'succeeded' });
    }
  }
  for (const [i, value] of shrunkenMeans(groups.map(({ values }) => values)).entries()) {
    const at = groups[i]?.at ?? 0;
    entries[at] = { ...(entries[at] as HistoryEntry), value };
  }
  return { entries, running };
}

/** The first Trial of a configuration, from the answer of the search. */
export function racerTrial(
  spec: ExperimentSpec,
  index: number,
  { turn, basis }: Pick<RaceMove, 'turn' | 'basis'>,
  { configuration, algorithm }: Extract<Suggestion, { kind: 'suggested' }>,
): TrialSpec {
  const parameters = assignmentsOf(spec, configuration, turn.replicate);
  return { index, ...turn, parameters, algorithm, basis };
}

/** A further Trial of a configuration, as another replicate of one that it has. */
export function furtherTrial(
  spec: ExperimentSpec,
  index: number,
  { turn, basis }: Pick<RaceMove, 'turn' | 'basis'>,
  sibling: TrialSpec,
): TrialSpec {
  const own = spec.replicates?.parameter;
  const int = replicateValue(spec, turn.replicate);
  const parameters = sibling.parameters.map((assignment) => {
    return assignment.name === own && int !== undefined ? { name: own, int } : assignment;
  });
  return omitUndefined({ ...sibling, index, ...turn, parameters, basis });
}
