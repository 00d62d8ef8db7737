import {
  type Experiment,
  isTerminalTrial,
  type Rung,
  TRIAL_REASON,
  type TrialPhase,
  type TrialStatus,
} from '@espalier/api';
import { trackedMetrics } from '../experiment/goals.ts';
import { judgeMember, sparedRung } from '../population/judge-member.ts';
import { populationOf } from '../population/population.ts';
import { isSame, omitUndefined } from '../same.ts';
import { formatTime, leftOf } from '../time.ts';
import { deadlineText, nextDeadline } from './deadlines.ts';
import { endingOf } from './ending.ts';
import { NEW_STATUS, withEntry } from './ledger.ts';
import { observationOf } from './observation.ts';
import { planEnded } from './plan-ended.ts';
import { newRungs } from './plan-judged.ts';
import { planOf, type TrialAction, type TrialPlan } from './plan-types.ts';
import type { PodView } from './pod-view.ts';
import type { TrialSnapshot } from './snapshot.ts';

/** Reasons for which a pod waits and that no time will heal. */
const UNSTARTABLE = new Set(['InvalidImageName', 'CreateContainerConfigError']);

/** A phase that passes sooner is not worth a write: between create and Running there are three. */
const PASSING_MS = 250;

/** What to do about a Trial whose pod has not ended. */
export function planLive(
  snapshot: TrialSnapshot,
  experiment: Experiment,
  pod: PodView,
  nowMs: number,
): TrialPlan {
  const follow: TrialAction[] = snapshot.feed === undefined ? [{ kind: 'follow' }] : [];
  const status = snapshot.trial.status ?? NEW_STATUS;
  const deadline = nextDeadline({ ...snapshot, pod }, experiment.spec);
  const isLate = deadline !== undefined && deadline.atMs <= nowMs;
  const lookAgainMs = deadline === undefined ? undefined : deadline.atMs - nowMs;

  if (pod.deletingSinceMs !== undefined) {
    if (!isLate) return planOf(follow, undefined, lookAgainMs);
    if (experiment.spec.attempts.replaceLost) {
      return planOf([...follow, { kind: 'delete-pod', pod, force: true }]);
    }
    // Its node may come back with the process alive, so there is no other attempt without consent.
    return planStuck(snapshot, pod, nowMs);
  }
  if (endingOf(snapshot) !== undefined) {
    return planOf([...follow, { kind: 'delete-pod', pod, force: false }]);
  }
  if (pod.waitingReason !== undefined && UNSTARTABLE.has(pod.waitingReason)) {
    return planOf(follow, giveUp(status, pod, TRIAL_REASON.unstartable, pod.waitingReason));
  }
  if (isLate) {
    // A pod that never started is a disruption whoever ended it: that needs no record.
    if (deadline.name === 'pending') {
      return planOf([...follow, { kind: 'delete-pod', pod, force: false }]);
    }
    const text = deadlineText(deadline);
    return planOf(follow, giveUp(status, pod, TRIAL_REASON.deadlineExceeded, text));
  }
  const shown = showProgress(snapshot, experiment, status, pod);
  const population = planMember(snapshot, experiment, shown);
  if (population !== undefined) {
    return planOf([...follow, ...population.actions], population.change, lookAgainMs);
  }
  const rungs = newRungs(snapshot, experiment, status);
  if (rungs.length > 0) {
    const judged = { ...shown, rungs: [...status.rungs, ...rungs] };
    return planOf(follow, { write: 'record', status: judged }, lookAgainMs);
  }
  if (isSame(shown, status)) return planOf(follow, undefined, lookAgainMs);
  const { viewIntervalMs, lastViewMs } = snapshot;
  const isTurn = shown.phase !== status.phase;
  const waitMs = leftOf(
    isTurn ? Math.min(PASSING_MS, viewIntervalMs) : viewIntervalMs,
    lastViewMs,
    nowMs,
  );
  if (waitMs > 0) {
    return planOf(follow, undefined, Math.min(waitMs, lookAgainMs ?? waitMs));
  }
  return planOf(follow, { write: 'view', status: shown }, lookAgainMs);
}

/** The judgement on a member of a population that reached a milestone. */
function planMember(
  { trial, feed, population: facts }: TrialSnapshot,
  { spec }: Experiment,
  shown: TrialStatus,
): Pick<TrialPlan, 'actions' | 'change'> | undefined {
  const population = populationOf(spec);
  if (population === undefined || facts === undefined || feed === undefined) return undefined;
  const judged = judgeMember(spec, population, trial, feed, facts.entries, facts.hasRoom);
  if (judged === undefined) return undefined;
  const { rung, donors } = judged;
  const withRung = (one: Rung) => ({ ...shown, rungs: [...shown.rungs, one] });
  const change = { write: 'record', status: withRung(rung) } as const;
  if (donors.length === 0) return { actions: [], change };
  const otherwise = withRung(sparedRung(rung));
  return { actions: [{ kind: 'require-donor', among: donors, otherwise }], change };
}

/** Writes into the ledger why we are about to end the attempt; a later reconcile acts upon it. */
function giveUp(status: TrialStatus, pod: PodView, reason: string, message: string) {
  const entry = omitUndefined({
    number: pod.attempt,
    startTime: pod.startedMs === undefined ? undefined : formatTime(pod.startedMs),
    reason,
    message,
  });
  return {
    write: 'record',
    status: { ...status, attempts: withEntry(status, entry) },
  } as const;
}

/** The Trial ends although its pod may still run; the pod keeps its slot until it is gone. */
function planStuck(snapshot: TrialSnapshot, pod: PodView, nowMs: number): TrialPlan {
  const { experiment } = snapshot;
  if (experiment === undefined) return planOf([]);
  const plan = planEnded(snapshot, experiment, undefined, nowMs);
  const { phase } = plan.change?.status ?? {};
  if (plan.change === undefined || isTerminalTrial(phase) || phase === 'Paused') return plan;
  const { attempts, ...status } = plan.change.status;
  return planOf(plan.actions, {
    write: 'record',
    status: {
      ...status,
      phase: 'Failed',
      reason: TRIAL_REASON.disrupted,
      message: `pod ${pod.name} does not end; set attempts.replaceLost to start it again elsewhere`,
      attempts: attempts.filter(({ number }) => number <= pod.attempt),
      completionTime: formatTime(nowMs),
    },
  });
}

function showProgress(
  snapshot: TrialSnapshot,
  experiment: Experiment,
  status: TrialStatus,
  pod: PodView,
): TrialStatus {
  const phase = podPhase(snapshot, pod);
  const { reason: _, message: __, ...rest } = status;
  const started = pod.startedMs === undefined ? undefined : formatTime(pod.startedMs);
  const waiting = pod.waitingReason;
  const last = status.attempts.findLast(({ outcome }) => outcome !== undefined);
  const why =
    waiting === undefined
      ? { reason: last?.reason, message: last?.message }
      : { reason: waiting, message: `pod ${pod.name} waits: ${waiting}${lack(pod)}` };
  return omitUndefined({
    ...rest,
    phase,
    ...(phase === 'Running' ? {} : why),
    startTime: status.startTime ?? started,
    observation: observationOf(
      trackedMetrics(experiment.spec),
      snapshot.feed,
      status.observation,
      undefined,
    ),
  });
}

function lack({ lacks = [] }: PodView): string {
  return lacks.length === 0 ? '' : ` (Insufficient ${lacks.join(', ')})`;
}

/** Pending = not scheduled, Starting = scheduled, Running = first report. */
function podPhase({ feed }: TrialSnapshot, pod: PodView): TrialPhase {
  if (pod.scheduledMs === undefined) return 'Pending';
  return feed?.firstReportMs === undefined ? 'Starting' : 'Running';
}
