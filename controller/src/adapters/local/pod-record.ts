import { durationMs, type Experiment, podName, type Trial } from '@espalier/api';
import type { PodEnd, PodView } from '../../domain/trial/pod-view.ts';
import { type Layout, trialPlace } from './layout.ts';

/** Which pod, and where its scratch lies. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly trialUid: string;
  readonly attempt: number;
  readonly runFolder: string;
  /** What it leaves: the attempt's artifact folder. */
  readonly outFolder: string;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

export function podIdentity(
  layout: Layout,
  experiment: Experiment,
  trial: Trial,
  attempt: number,
): PodIdentity {
  const { uid, namespace, name } = trial.metadata;
  return {
    namespace,
    name: podName(name, attempt),
    trialUid: uid,
    attempt,
    runFolder: layout.runFolder(uid, attempt),
    outFolder: layout.attemptArtifacts(experiment.metadata, trialPlace(trial), attempt),
    graceMs: durationMs(experiment.spec.trainer.gracePeriod),
  };
}

/** One attempt, from the making of its folder until its end is counted. */
export interface Pod extends PodIdentity {
  readonly createdMs: number;
  /** Of the launcher, which leads the process group. */
  pid?: number;
  startedMs?: number;
  deletingSinceMs?: number;
  waitingReason?: string;
  end?: PodEnd;
  oomKillsBefore: number;
  /** We sent SIGKILL. */
  killed: boolean;
  grace?: NodeJS.Timeout;
}

export function viewOfPod(pod: Pod): PodView {
  const { namespace, name, trialUid, attempt, createdMs, startedMs, end } = pod;
  return {
    namespace,
    name,
    uid: `${trialUid}-${attempt}`,
    trialUid,
    attempt,
    createdMs,
    held: true,
    // Nobody chooses a node here.
    scheduledMs: createdMs,
    ...(startedMs === undefined ? {} : { startedMs }),
    ...(pod.deletingSinceMs === undefined ? {} : { deletingSinceMs: pod.deletingSinceMs }),
    ...(pod.waitingReason === undefined ? {} : { waitingReason: pod.waitingReason }),
    ...(end === undefined ? {} : { end }),
  };
}
