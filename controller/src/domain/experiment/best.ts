import {
  type BestTrial,
  type Experiment,
  isTerminalExperiment,
  objectivesOf,
  type Trial,
} from '@espalier/api';
import { meanInterval } from '@espalier/search';
import { isSame, omitUndefined } from '../same.ts';
import { areBetter, goalsOf, valuesOfBest } from './goals.ts';
import type { BestConfiguration } from './leaders.ts';
import { compareMeasured } from './measured.ts';
import type { ExperimentProgress } from './progress.ts';

/**
 * What status should name as the best: monotone in the objective, of several in the first and among
 * equals in the next, ties to the lower configuration; nothing that misses a constraint; and a
 * checkpoint only if it was verified (G8). A best whose Trial was deleted by hand stays.
 */
export function bestOf(
  experiment: Experiment,
  progress: Readonly<ExperimentProgress>,
): BestTrial | undefined {
  const known = experiment.status?.best;
  const ahead = progress.best;
  if (ahead === undefined) return known;
  if (known !== undefined && !leads(experiment, ahead, known)) return known;
  const named = bestTrial(experiment, ahead);
  return known !== undefined && isSame(known, named) ? known : named;
}

/**
 * Whether the checkpoint of an ended Trial can go: status names another Trial as the best, which this
 * one's configuration does not beat; and with several objectives it is not on the Pareto front.
 */
export function isLosing(
  experiment: Experiment,
  progress: Readonly<ExperimentProgress>,
  trial: Trial,
): boolean {
  const best = experiment.status?.best;
  if (best === undefined || best.trial === trial.metadata.name) return false;
  // Until a race is over whoever waits may be given more replicates, and any of them may be named.
  if (progress.race !== undefined && !isTerminalExperiment(experiment.status?.phase)) return false;
  const { configuration } = trial.spec;
  if (best.configuration === configuration) return true;
  const state = progress.stateOf(configuration);
  if (state?.isEnded !== true) return false;
  if (state.value === undefined || state.violation > 0) return true;
  if (experiment.spec.objectives !== undefined) {
    return progress.inFront(configuration)?.trial.metadata.uid !== trial.metadata.uid;
  }
  const { value, counted, isConfirmed: confirmed } = state;
  const own = { number: configuration, value, replicates: counted.length, confirmed };
  return !leads(experiment, own, best);
}

/** Whether a configuration with that value comes before `best`; the same configuration does too. */
function leads(
  { spec }: Experiment,
  own: Omit<BestConfiguration, 'trial' | 'counted'>,
  best: BestTrial,
): boolean {
  const measured = compareMeasured(own, best);
  if (measured !== 0) return measured > 0;
  const { number, value, values = [value] } = own;
  const known = valuesOfBest(best);
  if (areBetter(goalsOf(spec), values, known)) return true;
  return number <= best.configuration && !areBetter(goalsOf(spec), known, values);
}

function bestTrial(
  { spec }: Experiment,
  { number, value, values, trial, counted, confirmed }: BestConfiguration,
): BestTrial {
  const { artifacts, observation } = trial.status ?? {};
  const checkpoint = artifacts?.checkpoint;
  const isMean = spec.replicates !== undefined;
  return omitUndefined({
    trial: trial.metadata.name,
    configuration: number,
    value,
    step: observation?.step ?? 0,
    replicates: isMean ? counted.length : undefined,
    interval: isMean ? meanInterval(counted) : undefined,
    confirmed: confirmed ? true : undefined,
    values: values && namedValues(spec, values),
    parameters: trial.spec.parameters,
    checkpoint: checkpoint && { uri: checkpoint.uri, sha256: checkpoint.sha256 },
    csv: artifacts?.metricsCsv,
  });
}

/** Values of all objectives with their names. */
export function namedValues(spec: Experiment['spec'], values: readonly number[]) {
  return objectivesOf(spec).map(({ metric }, m) => ({ metric, value: values[m] ?? Number.NaN }));
}
