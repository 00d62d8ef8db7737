import {
  durationMs,
  EXPERIMENT_REASON,
  type ExperimentPhase,
  type ExperimentReason,
  type ExperimentSpec,
  LIMITS,
  mainObjective,
  objectivesOf,
} from '@espalier/api';
import type { Promotion } from '@espalier/search';
import { populationOf, vacancies } from '../population/population.ts';
import { parseTime } from '../time.ts';
import { isBetter } from '../trial/value-track.ts';
import { problemText } from './check.ts';
import { valuesOfBest } from './goals.ts';
import type { Measured } from './measured.ts';
import { nextMove } from './race-input.ts';
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

/** Whatever decides whether another configuration is begun. */
type BeginFacts = Pick<ExperimentSnapshot, 'experiment' | 'progress' | 'exhausted'>;

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
    const message = `${end.message}; waiting for ${trials(progress.active.size)} to end`;
    return { ...end, message, phase: 'Stopping', wantsTrials: false };
  }
  const done = allCreated(snapshot);
  if (done !== undefined && isIdle) return finalState(snapshot, done);
  if (experiment.spec.desiredState === 'Pause') {
    const message = `no new trials; ${counted(progress.active.size, 'goes', 'go')} on`;
    return { phase: 'Paused', reason: 'Paused', message, wantsTrials: false };
  }
  const promotion = promotionOf(progress, done !== undefined);
  if (done !== undefined && isWaiting(progress) && promotion === undefined) {
    // Nothing will make room for the paused ones any more: they end where they are.
    const message = `${done.message}; ${trials(progress.active.size)} waited in vain`;
    return { ...done, message, phase: 'Stopping', wantsTrials: false };
  }
  const wantsTrials = done === undefined;
  const busy = progress.phaseCount('Starting') + progress.phaseCount('Running');
  const hasBegun = busy > 0 || progress.completed > 0;
  const waiting = counted(progress.active.size - busy, 'waits', 'wait');
  const message = `${trials(busy)} ${busy === 1 ? 'runs' : 'run'}, ${waiting}`;
  const reason = busy > 0 ? EXPERIMENT_REASON.trialsRunning : EXPERIMENT_REASON.waitingForSlots;
  const phase = hasBegun ? 'Running' : 'Pending';
  return { phase, reason, message, wantsTrials, ...(promotion && { promotion }) };
}

const trials = (count: number): string => counted(count, 'trial', 'trials');

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
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
 * get better: a best value, of a configuration without replicates, where nothing else counts. Of several
 * objectives one configuration must reach every target that is given: then one on the front does.
 */
function isTargetReached({ experiment, progress }: ExperimentSnapshot): boolean {
  const { spec, status } = experiment;
  const objectives = objectivesOf(spec);
  if (!objectives.some(({ target }) => target !== undefined)) return false;
  const reaches = (values: readonly (number | undefined)[]) =>
    objectives.every(({ goal, target }, m) => {
      const value = values[m];
      if (target === undefined || value === target) return true;
      return value !== undefined && isBetter(goal, value, target);
    });
  const { best, pareto, race, replicates } = progress;
  // In a race one lucky replicate is not enough.
  const isWhole = (one: Measured) =>
    race === undefined || one.confirmed === true || (one.replicates ?? 1) >= replicates;
  const ended = pareto.length > 0 ? pareto : best === undefined || !isWhole(best) ? [] : [best];
  if (ended.some(({ value, values = [value] }) => reaches(values))) return true;
  const known = status?.best;
  if (known !== undefined && isWhole(known) && reaches(valuesOfBest(known))) return true;
  const isRunningEnough =
    objectives.length === 1 && spec.constraints === undefined && progress.replicates === 1;
  if (!isRunningEnough || objectives[0]?.report !== 'best') return false;
  for (const trial of progress.active.values()) {
    if (reaches([trial.status?.observation?.value])) return true;
  }
  return false;
}

/** Why no further Trial will be created although nothing stands against it; undefined = one will. */
function allCreated(snapshot: ExperimentSnapshot): End | undefined {
  const { experiment, progress } = snapshot;
  const { race, nextIndex, replicates } = progress;
  if (race === undefined && nextIndex % replicates !== 0) return undefined;
  const end = allBegun(snapshot);
  if (race === undefined || end === undefined || nextIndex >= LIMITS.trials) return end;
  const { goal } = mainObjective(experiment.spec);
  return nextMove(race, goal, progress, false) === undefined ? end : undefined;
}

/** Why no further configuration will be begun; undefined = one will. */
export function allBegun({ experiment, progress, exhausted }: BeginFacts): End | undefined {
  const population = populationOf(experiment.spec);
  if (population !== undefined && vacancies(population, progress) === 0) {
    return plainEnd('PopulationTrained');
  }
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
  const begun = progress.created;
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
  const message = `${end.message}, but ${lacks(experiment.spec)}`;
  return state('Failed', { reason: noValue, message });
}

function lacks({ constraints, objectives }: ExperimentSpec): string {
  if (constraints !== undefined) return 'no configuration fulfils the constraints';
  const what = objectives === undefined ? 'the objective' : 'all objectives';
  return `no trial has a value of ${what}`;
}

type PlainReason =
  | (typeof STICKY)[number]
  | 'CancelRequested'
  | 'StopRequested'
  | 'MaxTrialsReached'
  | 'PopulationTrained';

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
    case 'PopulationTrained':
      return 'every member of the population ended';
    case 'MaxTrialsReached':
      return 'trials.max is reached';
  }
}
