import {
  durationMs,
  EXPERIMENT_REASON,
  type ExperimentPhase,
  type ExperimentReason,
  LIMITS,
  mainObjective,
} from '@espalier/api';
import type { Promotion } from '@espalier/search';
import { parseTime } from '../time.ts';
import { isBetter } from '../trial/value-track.ts';
import { problemText } from './check.ts';
import type { ExperimentSnapshot } from './snapshot.ts';

/** Where an Experiment stands, and whether more Trials are wanted. */
export interface ExperimentState {
  readonly phase: ExperimentPhase;
  readonly reason: ExperimentReason;
  readonly message: string;
  readonly wantsTrials: boolean;
  /** The paused Trial that comes before any new one. */
  readonly promotion?: Pick<Promotion, 'index'> & { readonly isEnd: boolean };
}

type Progress = ExperimentSnapshot['progress'];

/** Why it ends, and whether its running Trials are ended with it. */
interface End {
  readonly reason: ExperimentReason;
  readonly message: string;
}

/**
 * The state that follows from the Trials, the spec and the recorded end, if there is one: an
 * Experiment that has begun to end for a reason ends for that reason.
 */
export function stateOf(snapshot: ExperimentSnapshot, nowMs: number): ExperimentState {
  const { progress, experiment } = snapshot;
  const end = endOf(snapshot, nowMs);
  const isIdle = progress.active.size === 0;
  if (end !== undefined) {
    if (isIdle) return finalState(snapshot, end);
    const message = `${end.message}; waiting for ${progress.active.size} trials to end`;
    return { ...end, message, phase: 'Stopping', wantsTrials: false };
  }
  const done = allCreated(snapshot);
  if (done !== undefined && isIdle) return finalState(snapshot, done);
  if (experiment.spec.desiredState === 'Pause') {
    const message = `no new trials; ${progress.active.size} go on`;
    return { phase: 'Paused', reason: 'Paused', message, wantsTrials: false };
  }
  const promotion = promotionOf(progress, done !== undefined);
  if (done !== undefined && isWaiting(progress) && promotion === undefined) {
    // Nothing will make room for the paused ones any more: they end where they are.
    const message = `${done.message}; ${progress.active.size} trials waited in vain`;
    return { ...done, message, phase: 'Stopping', wantsTrials: false };
  }
  const wantsTrials = done === undefined;
  const busy = progress.phaseCount('Starting') + progress.phaseCount('Running');
  const hasBegun = busy > 0 || progress.completed > 0;
  const message = `${busy} trials run, ${progress.active.size - busy} wait`;
  const reason = busy > 0 ? EXPERIMENT_REASON.trialsRunning : EXPERIMENT_REASON.waitingForSlots;
  const phase = hasBegun ? 'Running' : 'Pending';
  return { phase, reason, message, wantsTrials, ...(promotion && { promotion }) };
}

/** Whether all Trials that have not ended are paused. */
function isWaiting(progress: Progress): boolean {
  return progress.active.size > 0 && progress.phaseCount('Paused') === progress.active.size;
}

/** @param areAllCreated Whether no new configuration will come. */
function promotionOf(progress: Progress, areAllCreated: boolean): ExperimentState['promotion'] {
  const isEnd = areAllCreated && isWaiting(progress);
  const next = progress.rungs.promotable(isEnd);
  return next && { index: next.index, isEnd };
}

/** The first that holds decides. */
function endOf(snapshot: ExperimentSnapshot, nowMs: number): End | undefined {
  const { experiment, progress, problems } = snapshot;
  const { spec, status } = experiment;
  if (status?.phase === 'Stopping' && isSticky(status.reason)) {
    return { reason: status.reason, message: endText(status.reason) };
  }
  if (problems.length > 0) {
    return { reason: EXPERIMENT_REASON.invalidSpec, message: problemText(problems) };
  }
  if (spec.desiredState === 'Cancel') return plainEnd('CancelRequested');
  if (progress.failed > spec.trials.maxFailed) return plainEnd('TooManyFailures');
  if (isTargetReached(snapshot)) return plainEnd('TargetReached');
  const deadlineMs = experimentDeadline(snapshot);
  if (deadlineMs !== undefined && deadlineMs <= nowMs) return plainEnd('DeadlineExceeded');
  return spec.desiredState === 'Stop' ? plainEnd('StopRequested') : undefined;
}

/** When `deadlines.experiment` passes; undefined = it has none, or has not begun. */
export function experimentDeadline({ experiment }: ExperimentSnapshot): number | undefined {
  const startMs = parseTime(experiment.status?.startTime);
  const lasts = experiment.spec.deadlines.experiment;
  return startMs === undefined || lasts === undefined ? undefined : startMs + durationMs(lasts);
}

/** Ends that no later edit takes back: Trials have been ended because of them. */
const STICKY = ['TargetReached', 'TooManyFailures', 'DeadlineExceeded'] as const;

function isSticky(reason: string | undefined): reason is (typeof STICKY)[number] {
  return STICKY.some((sticky) => sticky === reason);
}

/**
 * Judged on configurations that ended, and on running Trials where what they have reported can only
 * get better: a best value, of a configuration without replicates.
 */
function isTargetReached({ experiment, progress }: ExperimentSnapshot): boolean {
  const { target, goal, report } = mainObjective(experiment.spec);
  if (target === undefined) return false;
  const reaches = (value: number | undefined) =>
    value !== undefined && (value === target || isBetter(goal, value, target));
  if (reaches(progress.best?.value) || reaches(experiment.status?.best?.value)) return true;
  if (report !== 'best' || progress.replicates > 1) return false;
  for (const { status } of progress.active.values()) {
    if (reaches(status?.observation?.value)) return true;
  }
  return false;
}

/** Why no further Trial will be created although nothing stands against it; undefined = one will. */
function allCreated({ experiment, progress, exhausted }: ExperimentSnapshot): End | undefined {
  if (progress.nextIndex % progress.replicates !== 0) return undefined;
  if (countedConfigurations(experiment, progress) >= experiment.spec.trials.max) {
    return plainEnd('MaxTrialsReached');
  }
  if (progress.nextIndex >= LIMITS.trials) {
    const message = `the largest number of trials, ${LIMITS.trials}, is reached`;
    return { reason: EXPERIMENT_REASON.maxTrialsReached, message };
  }
  if (exhausted === undefined) return undefined;
  return { reason: EXPERIMENT_REASON.searchSpaceExhausted, message: exhausted };
}

/**
 * Configurations that count towards `trials.max` (K8): all that were begun, less the ones that the
 * trainer refused; those at most `trials.max` times, and not on a grid, where another index is
 * another cell.
 */
export function countedConfigurations(
  { spec }: ExperimentSnapshot['experiment'],
  progress: ExperimentSnapshot['progress'],
): number {
  const begun = Math.ceil(progress.nextIndex / progress.replicates);
  if (spec.search.algorithm === 'grid') return begun;
  return begun - Math.min(progress.invalid, spec.trials.max);
}

function finalState(snapshot: ExperimentSnapshot, end: End): ExperimentState {
  const { experiment, progress } = snapshot;
  const hasValue = progress.best !== undefined || experiment.status?.best !== undefined;
  const state = (phase: ExperimentPhase, { reason, message }: End = end) =>
    ({ phase, reason, message, wantsTrials: false }) as const;
  const { cancelRequested, invalidSpec, tooManyFailures, noValue } = EXPERIMENT_REASON;
  if (end.reason === cancelRequested) return state('Cancelled');
  if (end.reason === invalidSpec || end.reason === tooManyFailures) return state('Failed');
  if (hasValue) return state('Succeeded');
  const message = `${end.message}, but no trial has a value of the objective`;
  return state('Failed', { reason: noValue, message });
}

type PlainReason =
  | (typeof STICKY)[number]
  | 'CancelRequested'
  | 'StopRequested'
  | 'MaxTrialsReached';

function plainEnd(reason: PlainReason): End {
  return { reason, message: endText(reason) };
}

function endText(reason: PlainReason): string {
  switch (reason) {
    case 'TargetReached':
      return 'the target was reached';
    case 'TooManyFailures':
      return 'more configurations failed than trials.maxFailed allows';
    case 'DeadlineExceeded':
      return 'deadlines.experiment passed';
    case 'CancelRequested':
      return 'desiredState is Cancel';
    case 'StopRequested':
      return 'desiredState is Stop';
    case 'MaxTrialsReached':
      return 'all configurations were tried';
  }
}
