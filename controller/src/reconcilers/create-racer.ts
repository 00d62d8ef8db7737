import { type Experiment, mainObjective, type Trial } from '@espalier/api';
import { algorithmInfo, EMPTY_HISTORY, type Problem } from '@espalier/search';
import { configurationOf } from '../domain/experiment/problem.ts';
import type { ExperimentProgress } from '../domain/experiment/progress.ts';
import type { Race } from '../domain/experiment/race.ts';
import {
  furtherTrial,
  nextMove,
  type RaceMove,
  raceHistory,
  racerTrial,
} from '../domain/experiment/race-input.ts';
import type { Call, Cluster } from '../ports/cluster.ts';
import type { Searcher } from './searcher.ts';

export interface RaceContext {
  readonly experiment: Experiment;
  readonly race: Race;
  readonly progress: ExperimentProgress;
  readonly problem: Problem;
  readonly searcher: Searcher;
  /** Whether another configuration may be begun. */
  readonly canBegin: boolean;
}

/** What became of the next Trial of a race. */
export type Racing =
  | { readonly kind: 'created'; readonly trial: Trial }
  /** There is none before more results are known. */
  | { readonly kind: 'none' }
  | { readonly kind: 'exhausted'; readonly reason: string };

/** Creates the next Trial of a race, by the results that are known now. */
export async function createRacer(
  index: number,
  context: RaceContext,
  cluster: Cluster,
  call: Call,
): Promise<Racing> {
  const { experiment, race, progress, canBegin } = context;
  const { spec } = experiment;
  const move = nextMove(race, mainObjective(spec).goal, progress, canBegin);
  if (move === undefined) return { kind: 'none' };
  const [sibling] = progress.trialsOf(move.turn.configuration);
  if (sibling !== undefined) {
    const further = furtherTrial(spec, index, move, sibling.spec);
    return { kind: 'created', trial: await cluster.createTrial(experiment, further, call) };
  }
  const suggestion = await suggest(context, move, call);
  if (suggestion.kind === 'exhausted') return suggestion;
  const first = racerTrial(spec, index, move, suggestion);
  return { kind: 'created', trial: await cluster.createTrial(experiment, first, call) };
}

function suggest(
  { experiment, race, progress, problem, searcher }: RaceContext,
  { turn, known }: RaceMove,
  call: Call,
) {
  const { configuration } = turn;
  const usesHistory = algorithmInfo(problem.algorithm)?.usesHistory === true;
  const history = raceHistory(race, known, configuration, (number) => {
    const [first] = progress.trialsOf(number);
    if (first === undefined) return undefined;
    const values = configurationOf(experiment.spec, first.spec);
    return { state: progress.stateOf(number), configuration: values };
  });
  return searcher.suggest(problem, usesHistory ? history : EMPTY_HISTORY, configuration, call);
}
