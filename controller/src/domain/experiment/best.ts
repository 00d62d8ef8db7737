import { type BestTrial, type Experiment, mainObjective, type Trial } from '@espalier/api';
import { isSame, omitUndefined } from '../same.ts';
import { isBetter } from '../trial/value-track.ts';
import type { BestConfiguration, ExperimentProgress } from './progress.ts';

/**
 * What status should name as the best: monotone in the objective, ties to the lower configuration,
 * and a checkpoint only if it was verified (G8). A best whose Trial was deleted by hand stays.
 */
export function bestOf(
  experiment: Experiment,
  progress: Readonly<ExperimentProgress>,
): BestTrial | undefined {
  const known = experiment.status?.best;
  const ahead = progress.best;
  if (ahead === undefined) return known;
  if (known !== undefined && !leads(experiment, ahead.number, ahead.value, known)) return known;
  const named = bestTrial(ahead);
  return known !== undefined && isSame(known, named) ? known : named;
}

/**
 * Whether the checkpoint of an ended Trial can go: status names another Trial as the best, which this
 * one's configuration does not beat.
 */
export function isLosing(
  experiment: Experiment,
  progress: Readonly<ExperimentProgress>,
  trial: Trial,
): boolean {
  const best = experiment.status?.best;
  if (best === undefined || best.trial === trial.metadata.name) return false;
  const { configuration } = trial.spec;
  if (best.configuration === configuration) return true;
  const state = progress.stateOf(configuration);
  if (state?.isEnded !== true) return false;
  return state.value === undefined || !leads(experiment, configuration, state.value, best);
}

/** Whether a configuration with that value comes before `best`; the same configuration does too. */
function leads(experiment: Experiment, number: number, value: number, best: BestTrial): boolean {
  if (isBetter(mainObjective(experiment.spec).goal, value, best.value)) return true;
  return value === best.value && number <= best.configuration;
}

function bestTrial({ number, value, trial }: BestConfiguration): BestTrial {
  const { artifacts, observation } = trial.status ?? {};
  const checkpoint = artifacts?.checkpoint;
  return omitUndefined({
    trial: trial.metadata.name,
    configuration: number,
    value,
    step: observation?.step ?? 0,
    parameters: trial.spec.parameters,
    checkpoint: checkpoint && { uri: checkpoint.uri, sha256: checkpoint.sha256 },
    csv: artifacts?.metricsCsv,
  });
}
