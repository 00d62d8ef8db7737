import { isTerminalTrial, type TrialStatus } from '@espalier/api';
import { omitUndefined } from '../same.ts';
import { formatTime } from '../time.ts';
import { endingOf } from './ending.ts';
import { currentAttempt, NEW_STATUS } from './ledger.ts';
import { planEnded } from './plan-ended.ts';
import { judgedBefore } from './plan-judged.ts';
import { planLive } from './plan-live.ts';
import { planTerminal } from './plan-terminal.ts';
import { planOf, type TrialAction, type TrialPlan } from './plan-types.ts';
import type { PodView } from './pod-view.ts';
import type { TrialSnapshot } from './snapshot.ts';
import { transition } from './transition.ts';
import { trialEvents } from './trial-events.ts';

/**
 * What to do about one Trial now; the same snapshot and time always give the same plan.
 *
 * One plan never writes a fact and acts upon it: the attempt after a disruption, a stop at a rung, the
 * release of a counted pod all wait for a later reconcile, which has read the record (G1 G2).
 */
export function planTrial(snapshot: TrialSnapshot, nowMs: number): TrialPlan {
  const { trial, experiment } = snapshot;
  // A deletion is the Experiment's own affair: it ends the pods, and counting is of no more use.
  if (experiment?.metadata.deletionTimestamp !== undefined) return planOf([]);
  const plan = choosePlan(snapshot, nowMs);
  if (plan.change === undefined) return plan;
  const { change, ...rest } = plan;
  const status = transition(trial.status, change.status);
  if (status === undefined) return rest;
  return { ...plan, change: { ...change, status }, events: trialEvents(trial.status, status) };
}

function choosePlan(snapshot: TrialSnapshot, nowMs: number): TrialPlan {
  const { trial, experiment, pods } = snapshot;
  if (experiment === undefined) return planOf(pods.flatMap(letGo));
  const status = trial.status ?? NEW_STATUS;
  if (isTerminalTrial(status.phase)) return planTerminal(snapshot, experiment, nowMs);

  const attempt = currentAttempt(status);
  // A later pod than the record knows of: this cache is older than somebody's write. It will catch up.
  if (pods.some((pod) => pod.attempt > attempt)) return planOf([]);
  const earlier = pods.filter((pod) => pod.attempt < attempt).flatMap(letGo);
  const pod = pods.find((candidate) => candidate.attempt === attempt);
  const next =
    pod === undefined
      ? planWithoutPod(snapshot, status, attempt, nowMs)
      : pod.end === undefined
        ? planLive(snapshot, experiment, pod, nowMs)
        : planEnded(snapshot, experiment, pod, nowMs);
  return { ...next, actions: [...earlier, ...next.actions] };
}

/** A pod of an attempt that is over: ended if it still runs, then let go. */
export function letGo(pod: PodView): readonly TrialAction[] {
  if (pod.end !== undefined) return pod.held ? [{ kind: 'release-pod', pod }] : [];
  if (pod.deletingSinceMs !== undefined) return [];
  return [{ kind: 'delete-pod', pod, force: false }];
}

function planWithoutPod(
  snapshot: TrialSnapshot,
  status: TrialStatus,
  attempt: number,
  nowMs: number,
): TrialPlan {
  const isPaused = status.phase === 'Paused';
  if (snapshot.experiment !== undefined && status.phase !== 'Pending' && !isPaused) {
    // It was seen beyond waiting, so there was a pod; its end is counted once it is known to be gone.
    const lost = planEnded(snapshot, snapshot.experiment, undefined, nowMs);
    return { ...lost, actions: [{ kind: 'confirm-gone', attempt }, ...lost.actions] };
  }
  const ending = endingOf(snapshot);
  if (ending !== undefined) {
    // The number of an attempt that never came to a pod leaves the ledger.
    const attempts = status.attempts.filter(({ outcome }) => outcome !== undefined);
    const completionTime = formatTime(nowMs);
    const ended = omitUndefined({
      ...{ ...status, ...ending, attempts, completionTime },
      artifacts: stillNamed(status),
    });
    return planOf([], { write: 'record', status: ended });
  }
  // Whoever gives out the slots resumes it.
  if (isPaused) return planOf([]);
  // However the record came to name this attempt: two of a Trial never run at once (G1).
  if (snapshot.pods.some(({ end }) => end === undefined)) return planOf([]);
  const judged =
    snapshot.experiment && judgedBefore(snapshot, snapshot.experiment, status, attempt);
  if (judged !== undefined) return planOf([], judged);
  if (!snapshot.hasSlot) return planOf([]);
  const follow: TrialAction[] = snapshot.feed === undefined ? [{ kind: 'follow' }] : [];
  return planOf([...follow, { kind: 'create-pod', attempt }]);
}

/** What a pause left behind, if no attempt has written anything since that might have replaced it. */
function stillNamed({ attempts, artifacts }: TrialStatus): TrialStatus['artifacts'] {
  // One that was judged before it had a pod has no end.
  const last = attempts.findLast(({ outcome, endTime }) => {
    return outcome !== undefined && endTime !== undefined;
  });
  return last?.number === artifacts?.attempt ? artifacts : undefined;
}

/** The status of a Trial whose pod cannot be created yet; undefined = it says so already. */
export function waitingStatus(
  status: TrialStatus = NEW_STATUS,
  reason: string,
  message: string,
): TrialStatus | undefined {
  // The message may count what is used: it must not make a write of every look.
  if (isTerminalTrial(status.phase) || status.reason === reason) return undefined;
  return { ...status, reason, message: message.slice(0, 1024) };
}

/** The status of a member whose donor's checkpoint is gone: it never starts with other weights. */
export function parentLostStatus(status: TrialStatus, nowMs: number): TrialStatus {
  return {
    ...status,
    phase: 'Stopped',
    reason: 'ParentLost',
    message: 'the checkpoint that it was to start from is gone',
    attempts: status.attempts.filter(({ outcome }) => outcome !== undefined),
    completionTime: formatTime(nowMs),
  };
}

/** The status of a Trial whose pod can never be created as asked for. */
export function refusedStatus(status: TrialStatus, message: string, nowMs: number): TrialStatus {
  return {
    ...status,
    phase: 'Failed',
    reason: 'Unstartable',
    message: message.slice(0, 1024),
    attempts: status.attempts.filter(({ outcome }) => outcome !== undefined),
    completionTime: formatTime(nowMs),
  };
}
