import {
  type Attempt,
  durationMs,
  type Experiment,
  isTerminalTrial,
  type Observation,
  TRIAL_REASON,
  type TrialArtifacts,
  type TrialStatus,
} from '@espalier/api';
import { trackedMetrics } from '../experiment/goals.ts';
import { omitUndefined } from '../same.ts';
import { formatTime } from '../time.ts';
import type { AttemptFiles } from './attempt-files.ts';
import { endingOf, experimentEnding } from './ending.ts';
import { countOutcomes, currentAttempt, NEW_STATUS, withEntry } from './ledger.ts';
import { missingMetric, observationOf } from './observation.ts';
import { type AttemptEnd, classifyEnd } from './outcome.ts';
import { planOf, type TrialPlan } from './plan-types.ts';
import type { PodView } from './pod-view.ts';
import type { TrialSnapshot } from './snapshot.ts';

/** The last reports are on their way for no longer, unless they are lost. */
const LATE_REPORTS_MS = 5_000;

/** Ends after which the value may be the Trial's last one: a pause may never end. */
const RESULTS: ReadonlySet<Attempt['outcome']> = new Set(['Succeeded', 'Stopped', 'Paused']);

/**
 * Classifies and records the end of the current attempt, once: what it was, and in the same write the
 * number of the next attempt or the Trial's end (G1 G2).
 *
 * A result waits for the last reports (bounded by `deadlines.metrics`) and for the look at its files;
 * a disruption or a failure waits for nothing.
 *
 * @param pod undefined = it is gone and nobody saw its end.
 */
export function planEnded(
  snapshot: TrialSnapshot,
  experiment: Experiment,
  pod: PodView | undefined,
  nowMs: number,
): TrialPlan {
  const { feed, files, trial } = snapshot;
  const status = trial.status ?? NEW_STATUS;
  const end = pod?.end;
  const metrics = trackedMetrics(experiment.spec);
  const observation = observationOf(metrics, feed, status.observation, end?.message);
  const hasValue = observation?.value !== undefined;
  const facts = { end, ending: endingOf(snapshot), wasDeleted: pod?.deletingSinceMs !== undefined };
  const lacking = missingMetric(metrics, observation);
  const missing = metrics.length === 1 ? undefined : lacking;
  const ended = classifyEnd({ ...facts, hasValue: lacking === undefined, missing });

  const attempt = pod?.attempt ?? currentAttempt(status);
  if (end !== undefined && waitsForReports(ended)) {
    const first = awaitReports(snapshot, experiment, { attempt, endedMs: end.atMs }, nowMs);
    if (first !== undefined) return first;
  }
  const hasResult = hasValue && RESULTS.has(ended.outcome);
  if (hasResult && files.kind === 'unknown' && !isTooLate(experiment, end?.atMs, nowMs)) {
    return planOf([{ kind: 'inspect', attempt }], undefined, 0);
  }
  const entry: Attempt = omitUndefined({
    number: attempt,
    startTime: pod?.startedMs === undefined ? undefined : formatTime(pod.startedMs),
    endTime: formatTime(end?.atMs ?? nowMs),
    outcome: ended.outcome,
    reason: ended.reason,
    message: ended.message,
    exitCode: end?.exitCode,
  });
  const next = afterwards(experiment, status, ended);
  const isOver = next.phase !== 'Pending';
  const after: TrialStatus = omitUndefined({
    ...status,
    ...next,
    attempts: withEntry(status, entry, isOver ? undefined : attempt + 1),
    startTime: status.startTime ?? entry.startTime,
    completionTime: isTerminalTrial(next.phase) ? entry.endTime : undefined,
    observation,
    artifacts: hasResult && files.kind === 'whole' ? named(files, observation) : undefined,
  });
  if (hasResult && files.kind === 'damaged') {
    // The value stands, as it was reported; only no checkpoint of this Trial is ever named (G8).
    after.message = `${ended.message}; its files are not whole: ${files.message}`.slice(0, 1024);
  }
  return planOf([], { write: 'record', status: after });
}

/**
 * The files as status names them. Of an attempt that was ended before it was complete the checkpoint
 * may be older than its value, and is not named then: a best must score what it says (G8).
 */
function named(
  { artifacts, manifest }: Extract<AttemptFiles, { kind: 'whole' }>,
  observation: Observation | undefined,
): TrialArtifacts {
  const { checkpoint, ...rest } = artifacts;
  const isComplete = manifest.resume === null;
  return isComplete || checkpoint?.step === observation?.step ? artifacts : rest;
}

/**
 * What has to be done or waited for before the reports are all there; undefined = they are, or they are
 * given up. What the stream has lost is in the attempt's files, if those are whole (G7).
 */
function awaitReports(
  { feed, files, followedSinceMs }: TrialSnapshot,
  experiment: Experiment,
  { attempt, endedMs }: { readonly attempt: number; readonly endedMs: number },
  nowMs: number,
): TrialPlan | undefined {
  if (feed === undefined) return planOf([{ kind: 'follow' }], undefined, 0);
  if (feed.complete) return undefined;
  // Whoever began to follow after the end must be given the time to read.
  const fromMs = Math.max(endedMs, followedSinceMs ?? 0);
  const untilMs = fromMs + durationMs(experiment.spec.deadlines.metrics);
  if (feed.canRecover === true) {
    const recoverMs = Math.min(fromMs + LATE_REPORTS_MS, untilMs);
    if (nowMs < recoverMs) return planOf([], undefined, recoverMs - nowMs);
    if (files.kind === 'unknown' && !isTooLate(experiment, endedMs, nowMs)) {
      return planOf([{ kind: 'inspect', attempt }], undefined, 0);
    }
    if (files.kind === 'whole') return planOf([{ kind: 'recover', attempt }], undefined, 0);
  }
  return nowMs < untilMs ? planOf([], undefined, untilMs - nowMs) : undefined;
}

/** Results of the search must be all there before they are counted; the rest is not looked at. */
function waitsForReports({ outcome, reason }: AttemptEnd): boolean {
  if (reason === TRIAL_REASON.metricsUnavailable) return true;
  return RESULTS.has(outcome) && reason !== TRIAL_REASON.diverged;
}

/** An Experiment that is being ended waits for an unreachable store no longer than for a deletion. */
function isTooLate(experiment: Experiment, endedMs: number | undefined, nowMs: number): boolean {
  if (endedMs === undefined) return true;
  if (experimentEnding(experiment) === undefined) return false;
  return nowMs - endedMs > durationMs(experiment.spec.deadlines.cleanup);
}

/** Where the Trial stands after such an end: terminal, or waiting for its next attempt (G3). */
function afterwards(
  { spec }: Experiment,
  status: TrialStatus,
  ended: AttemptEnd,
): Pick<TrialStatus, 'phase' | 'reason' | 'message'> {
  const { outcome, reason, message } = ended;
  if (ended.isFinal) {
    const phase = outcome === 'Disrupted' || outcome === 'Interrupted' ? 'Failed' : outcome;
    return { phase, reason, message };
  }
  const { maxDisruptions, maxRetries } = spec.attempts;
  if (outcome === 'Disrupted' && countOutcomes(status, 'Disrupted') >= maxDisruptions) {
    const text = `disrupted ${maxDisruptions + 1} times, the last time: ${message}`;
    return { phase: 'Failed', reason: TRIAL_REASON.tooManyDisruptions, message: text };
  }
  if (outcome === 'Failed' && countOutcomes(status, 'Failed') >= maxRetries) {
    return { phase: 'Failed', reason, message };
  }
  return { phase: 'Pending', reason, message };
}
