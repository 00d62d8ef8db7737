import {
  type Attempt,
  durationMs,
  type Experiment,
  TRIAL_REASON,
  type TrialStatus,
} from '@espalier/api';
import { omitUndefined } from '../same.ts';
import { formatTime } from '../time.ts';
import { endingOf, experimentEnding } from './ending.ts';
import { countOutcomes, currentAttempt, NEW_STATUS, withEntry } from './ledger.ts';
import { observe } from './observation.ts';
import { type AttemptEnd, classifyEnd } from './outcome.ts';
import { planOf, type TrialPlan } from './plan-types.ts';
import type { PodView } from './pod-view.ts';
import type { TrialSnapshot } from './snapshot.ts';

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
  const { objective } = experiment.spec;
  const observation = observe(objective, feed, status.observation, end?.message);
  const hasValue = observation?.value !== undefined;
  const facts = { end, ending: endingOf(snapshot), wasDeleted: pod?.deletingSinceMs !== undefined };
  const ended = classifyEnd({ ...facts, hasValue });

  if (end !== undefined && waitsForReports(ended)) {
    if (feed === undefined) return planOf([{ kind: 'follow' }], undefined, 0);
    // Whoever began to follow after the end must be given the time to read.
    const fromMs = Math.max(end.atMs, snapshot.followedSinceMs ?? 0);
    const untilMs = fromMs + durationMs(experiment.spec.deadlines.metrics);
    if (!feed.complete && nowMs < untilMs) return planOf([], undefined, untilMs - nowMs);
  }
  const attempt = pod?.attempt ?? currentAttempt(status);
  const hasResult = hasValue && (ended.outcome === 'Succeeded' || ended.outcome === 'Stopped');
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
    completionTime: isOver ? entry.endTime : undefined,
    observation,
    artifacts: hasResult && files.kind === 'whole' ? files.artifacts : status.artifacts,
  });
  if (hasResult && files.kind === 'damaged') {
    // The value stands, as it was reported; only no checkpoint of this Trial is ever named (G8).
    after.message = `${ended.message}; its files are not whole: ${files.message}`.slice(0, 1024);
  }
  return planOf([], { write: 'record', status: after });
}

/** Results of the search must be all there before they are counted; the rest is not looked at. */
function waitsForReports({ outcome, reason }: AttemptEnd): boolean {
  if (reason === TRIAL_REASON.metricsUnavailable) return true;
  return outcome === 'Succeeded' || (outcome === 'Stopped' && reason !== TRIAL_REASON.diverged);
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
    const phase = outcome === 'Succeeded' || outcome === 'Stopped' ? outcome : 'Failed';
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
