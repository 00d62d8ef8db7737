import { isTerminalTrial, TRIAL_REASON, type Trial } from '@espalier/api';
import type { Goal, Outcome } from '@espalier/search';
import { isBetter } from '../trial/value-track.ts';

/** What the Trials of one configuration make of it. */
export interface ConfigurationState {
  /** All its Trials ended and no more will be created. */
  readonly isEnded: boolean;
  /** One Trial failed or diverged, which decides the whole configuration even before its end. */
  readonly fault: 'failed' | 'diverged' | 'invalid' | undefined;
  /** Mean over the replicates, once all of them ended with a value. */
  readonly value: number | undefined;
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
  goal: Goal,
): ConfigurationState {
  const fault = faultOf(trials);
  const isEnded =
    (isWhole || fault !== undefined) &&
    trials.every(({ status }) => isTerminalTrial(status?.phase));
  const values = trials.map(({ status }) => status?.observation?.value);
  const counts = isEnded && fault === undefined && trials.length === replicates;
  const known = values.filter((value) => value !== undefined);
  const value = counts && known.length === replicates ? mean(known) : undefined;
  let bestTrial: Trial | undefined;
  for (const trial of value === undefined ? [] : trials) {
    const own = trial.status?.observation?.value as number;
    if (isBetter(goal, own, bestTrial?.status?.observation?.value)) bestTrial = trial;
  }
  return { isEnded, fault, value, bestTrial, outcome: outcomeOf() };

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

function faultOf(trials: readonly Trial[]): ConfigurationState['fault'] {
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

function mean(values: readonly number[]): number {
  if (values.length === 1) return values[0] as number;
  return values.reduce((sum, value) => sum + value / values.length, 0);
}
