import {
  type ExperimentSpec,
  isTerminalTrial,
  mainObjective,
  objectivesOf,
  TRIAL_REASON,
  type Trial,
} from '@espalier/api';
import { type Goal, mean, type Outcome } from '@espalier/search';
import { isBetter } from '../trial/value-track.ts';
import { metricValue, violationOf } from './goals.ts';

/** What the Trials of one configuration make of it. */
export interface ConfigurationState {
  /** All its Trials ended and no more will be created. */
  readonly isEnded: boolean;
  /** One Trial failed or diverged, which decides the whole configuration even before its end. */
  readonly fault: 'failed' | 'diverged' | 'invalid' | undefined;
  /** Mean over the replicates, once all of them ended with a value. */
  readonly value: number | undefined;
  /** The same of all objectives, where there are several; undefined = one is not known. */
  readonly values: readonly number[] | undefined;
  /** By how much the means miss the constraints; 0 = they do not. */
  readonly violation: number;
  /** The values that `value` is the mean of, by replicate; none if there is no value. */
  readonly counted: readonly number[];
  /** In a race: the values of the replicates that ended, from the first one without a gap. */
  readonly raceValues: readonly number[];
  /** In a race: whether `value` was measured on the replicates that were held back. */
  readonly isConfirmed: boolean;
  /** The replicate with the best value of its own. */
  readonly bestTrial: Trial | undefined;
  /** As the search sees it; undefined = not at all (still running, or Trials were deleted by hand). */
  readonly outcome: Outcome | undefined;
}

/**
 * Sums up one configuration.
 *
 * @param trials Its Trials that exist, by ascending replicate.
 * @param isWhole Whether no more of them will be created, unless a fault has decided that.
 */
export function configurationState(
  trials: readonly Trial[],
  replicates: number,
  isWhole: boolean,
  spec: ExperimentSpec,
): ConfigurationState {
  const { goal } = mainObjective(spec);
  const fault = faultOf(trials);
  const isEnded =
    (isWhole || fault !== undefined) &&
    trials.every(({ status }) => isTerminalTrial(status?.phase));
  const values = trials.map(({ status }) => status?.observation?.value);
  const counts = isEnded && fault === undefined && trials.length === replicates;
  const known = values.filter((value) => value !== undefined);
  const value = counts && known.length === replicates ? mean(known) : undefined;
  const bestTrial = value === undefined ? undefined : bestOfTrials(trials, goal);
  const isKnown = value !== undefined;
  return {
    ...{ isEnded, fault, value, bestTrial, outcome: outcomeOf() },
    ...{ counted: value === undefined ? [] : known, raceValues: [], isConfirmed: false },
    values: isKnown && spec.objectives !== undefined ? allMeans() : undefined,
    violation: isKnown ? violationOf(spec, meanOf) : 0,
  };

  function meanOf(metric: string): number | undefined {
    const own = trials.map(({ status }) => metricValue(spec, status?.observation ?? {}, metric));
    return own.every((one) => one !== undefined) ? mean(own) : undefined;
  }

  function allMeans(): readonly number[] | undefined {
    const means = objectivesOf(spec).map(({ metric }) => meanOf(metric));
    return means.every((one) => one !== undefined) ? means : undefined;
  }

  function outcomeOf(): Outcome | undefined {
    if (!isEnded) return undefined;
    if (fault === 'diverged') return 'diverged';
    // Program errors, OOM and refused parameters: after every feasible one, never better.
    if (fault !== undefined) return 'infeasible';
    if (trials.length < replicates) return undefined;
    if (value === undefined) return 'failed';
    return trials.every(({ status }) => status?.phase === 'Succeeded') ? 'succeeded' : 'stopped';
  }
}

/** The one with the best value of its own; of equals the first. */
export function bestOfTrials(trials: readonly Trial[], goal: Goal): Trial | undefined {
  let best: Trial | undefined;
  for (const trial of trials) {
    const own = trial.status?.observation?.value ?? Number.NaN;
    if (isBetter(goal, own, best?.status?.observation?.value)) best = trial;
  }
  return best;
}

export function faultOf(trials: readonly Trial[]): ConfigurationState['fault'] {
  let fault: ConfigurationState['fault'];
  for (const { status } of trials) {
    if (status?.phase === 'Failed') {
      if (status.reason === TRIAL_REASON.invalidParameters) return 'invalid';
      fault = 'failed';
    } else if (status?.phase === 'Stopped' && status.reason === TRIAL_REASON.diverged) {
      fault ??= 'diverged';
    }
  }
  return fault;
}
