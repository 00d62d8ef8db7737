import {
  EXPERIMENT_REASON,
  type Experiment,
  isTerminalExperiment,
  type Rung,
  TRIAL_REASON,
  type TrialReason,
  type TrialStatus,
} from '@espalier/api';
import { currentAttempt, entryOf, NEW_STATUS } from './ledger.ts';
import { rungValue, waitingRung } from './rungs.ts';
import type { TrialSnapshot } from './snapshot.ts';

/** Why we end a Trial that could go on. */
export interface Ending {
  readonly phase: 'Stopped' | 'Failed' | 'Paused';
  readonly reason: TrialReason;
  readonly message: string;
}

/**
 * Why this Trial must end now, from records alone: the ledger (our own deadlines), the rungs, the
 * Experiment, the other replicates. The same answer before and after its pod has ended, and after
 * any restart, so nobody has to remember who asked for the end of a pod.
 */
export function endingOf(snapshot: TrialSnapshot): Ending | undefined {
  const status = snapshot.trial.status ?? NEW_STATUS;
  const entry = entryOf(status, currentAttempt(status));
  if (entry?.reason !== undefined && entry.outcome === undefined) {
    const reason = entry.reason as TrialReason;
    return { phase: 'Failed', reason, message: entry.message ?? '' };
  }
  const stop = status.rungs.find(({ verdict }) => verdict === 'stop');
  if (stop !== undefined) return stoppedAt(stop, snapshot.population !== undefined);
  const ending = snapshot.experiment && experimentEnding(snapshot.experiment);
  if (ending !== undefined) return { phase: 'Stopped', ...ending };
  if (snapshot.siblingFailed) {
    return {
      phase: 'Stopped',
      reason: TRIAL_REASON.replicateFailed,
      message: 'another replicate of its configuration failed',
    };
  }
  const rung = waitingRung(status);
  return rung && pausedAt(rung, status, snapshot.experiment);
}

/** Reasons of an ending Experiment that end its Trials, and what the Trials say then. */
const EXPERIMENT_ENDINGS: ReadonlyMap<string, Omit<Ending, 'phase'>> = new Map<
  string,
  Omit<Ending, 'phase'>
>([
  [
    EXPERIMENT_REASON.targetReached,
    { reason: TRIAL_REASON.targetReached, message: 'the target was reached' },
  ],
  [
    EXPERIMENT_REASON.tooManyFailures,
    { reason: TRIAL_REASON.tooManyFailures, message: 'too many configurations failed' },
  ],
  [
    EXPERIMENT_REASON.deadlineExceeded,
    { reason: TRIAL_REASON.experimentDeadline, message: "the Experiment's deadline passed" },
  ],
]);

/** Why all Trials of the Experiment must end now; undefined = they may run and be started again. */
export function experimentEnding(experiment: Experiment): Omit<Ending, 'phase'> | undefined {
  const { status, spec } = experiment;
  const isEnding = status?.phase === 'Stopping' || isTerminalExperiment(status?.phase);
  const ending = isEnding ? EXPERIMENT_ENDINGS.get(status?.reason ?? '') : undefined;
  if (ending !== undefined) return ending;
  if (spec.desiredState === 'Cancel' || isTerminalExperiment(status?.phase)) {
    return { reason: TRIAL_REASON.cancelled, message: 'the Experiment was cancelled' };
  }
  return undefined;
}

/** Of a Trial that waits already nothing ends, unless nobody will be promoted any more. */
function pausedAt(
  rung: Rung,
  { phase }: TrialStatus,
  experiment: Experiment | undefined,
): Ending | undefined {
  const at = `at rung ${rung.step} with ${rungValue(rung)}`;
  if (phase !== 'Paused') {
    return { phase: 'Paused', reason: TRIAL_REASON.paused, message: `waits ${at}` };
  }
  if (experiment?.status?.phase !== 'Stopping') return undefined;
  const message = `waited ${at} for a promotion that did not come`;
  return { phase: 'Stopped', reason: TRIAL_REASON.earlyStopped, message };
}

function stoppedAt(rung: Rung, isMember: boolean): Ending {
  const value = rungValue(rung);
  if (!Number.isFinite(value)) {
    const message = `its value at rung ${rung.step} was ${value}`;
    return { phase: 'Stopped', reason: TRIAL_REASON.diverged, message };
  }
  if (isMember) {
    const message = `gave its place to a better member at rung ${rung.step} with ${value}`;
    return { phase: 'Stopped', reason: TRIAL_REASON.exploited, message };
  }
  const message = `stopped at rung ${rung.step} with ${value}`;
  return { phase: 'Stopped', reason: TRIAL_REASON.earlyStopped, message };
}
