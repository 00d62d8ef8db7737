import { ANNOTATION, EXIT_CODE, FINALIZER, LABEL } from '@espalier/api';
import { CONTAINER } from '../../domain/trial/pod-containers.ts';
import type { PodEnd, PodView } from '../../domain/trial/pod-view.ts';
import { parseResumePoint } from '../../domain/trial/resume-point.ts';
import { controllerOf, type RawObject } from './raw-object.ts';

/** What we read of a Pod's status; the rest is the kubelet's business. */
export interface RawPod extends RawObject {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly RawCondition[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
    readonly containerStatuses?: readonly RawContainerStatus[];
  };
}

export interface RawCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface RawContainerStatus {
  readonly name: string;
  readonly state?: RawContainerState;
}

interface RawContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: RawTermination;
}

interface RawTermination {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** A container waits with these on its way to running, and nobody needs to know. */
const ORDINARY_WAITS: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

/**
 * `status.reason` of pods that the platform ended without a DisruptionTarget condition: evicted, on a
 * node that went or shut down, or refused by the kubelet after it had been scheduled.
 */
const PLATFORM_REASONS: ReadonlySet<string> = new Set([
  'Evicted',
  'NodeLost',
  'NodeShutdown',
  'Terminated',
  'Shutdown',
  'Preempting',
  'NodeAffinity',
  'UnexpectedAdmissionError',
  'TopologyAffinityError',
]);

/** The kubelet lost sight of the container, so its exit code (137) is made up. */
const UNKNOWN_CONTAINER = 'ContainerStatusUnknown';

/** Of the resources that no node has enough of, so many are told. */
const MOST_LACKING = 4;

/** Exit codes that say something about the parameters of a trial. */
const SEARCH_CODES: ReadonlySet<number> = new Set([
  EXIT_CODE.invalidParameters,
  EXIT_CODE.diverged,
]);

/** The pod of one attempt as the planner sees it; undefined = not one of ours. */
export function podViewFromPod(pod: RawPod): PodView | undefined {
  const { metadata, status } = pod;
  const owner = controllerOf(metadata);
  const attempt = Number(metadata.labels?.[LABEL.attempt] ?? Number.NaN);
  if (owner?.kind !== 'Trial' || !Number.isSafeInteger(attempt) || attempt < 0) return undefined;
  const state = stateOf(status?.containerStatuses, CONTAINER.trainer);
  const startedMs = timeMs(state?.running?.startedAt ?? state?.terminated?.startedAt);
  const scheduled = conditionOf(pod, 'PodScheduled');
  const isScheduled = scheduled?.status === 'True' || pod.spec?.nodeName !== undefined;
  const deletingSinceMs = deletedAtMs(pod);
  const view: PodView = {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    trialUid: owner.uid,
    attempt,
    createdMs: timeMs(metadata.creationTimestamp) ?? 0,
    held: metadata.finalizers?.includes(FINALIZER) === true,
  };
  return Object.assign(view, {
    ...present(
      'scheduledMs',
      isScheduled ? (timeMs(scheduled?.lastTransitionTime) ?? view.createdMs) : undefined,
    ),
    ...present('startedMs', startedMs),
    ...present('deletingSinceMs', deletingSinceMs),
    ...present('end', endOf(pod, isScheduled, deletingSinceMs)),
    // A sidecar that is started again is no reason: the trainer runs.
    ...present(
      'waitingReason',
      startedMs === undefined ? waitingReason(pod, scheduled) : undefined,
    ),
    ...present('lacks', isScheduled ? undefined : lacking(scheduled)),
    ...present('resumeFrom', parseResumePoint(metadata.annotations?.[ANNOTATION.resumeFrom] ?? '')),
  });
}

function endOf(
  pod: RawPod,
  isScheduled: boolean,
  deletingSinceMs: number | undefined,
): PodEnd | undefined {
  const phase = pod.status?.phase;
  // The API server binds no pod that is being deleted, so this one can never run.
  const isStillborn = !isScheduled && deletingSinceMs !== undefined;
  if (phase !== 'Succeeded' && phase !== 'Failed' && !isStillborn) return undefined;
  const ended = terminationOf(pod);
  const disruption = conditionOf(pod, 'DisruptionTarget');
  const reason = pod.status?.reason ?? '';
  const disrupted =
    disruption?.status === 'True' ||
    PLATFORM_REASONS.has(reason) ||
    // OutOfcpu, OutOfmemory, OutOfnvidia.com/gpu: the kubelet had no room after all.
    reason.startsWith('OutOf') ||
    ended?.reason === UNKNOWN_CONTAINER;
  const atMs =
    lastEndMs(pod, ended) ??
    timeMs(disruption?.lastTransitionTime) ??
    timeMs(conditionOf(pod, 'Ready')?.lastTransitionTime) ??
    deletingSinceMs ??
    timeMs(pod.metadata.creationTimestamp) ??
    0;
  return {
    atMs,
    oomKilled: ended?.reason === 'OOMKilled',
    disrupted,
    interrupted: false,
    ...present('exitCode', ended?.reason === UNKNOWN_CONTAINER ? undefined : ended?.exitCode),
    ...present('message', ended?.message),
  };
}

/** How the trainer ended, or the fetching of its data if that failed and it never started. */
function terminationOf({ status }: RawPod): RawTermination | undefined {
  const trainer = stateOf(status?.containerStatuses, CONTAINER.trainer)?.terminated;
  const fetch = stateOf(status?.initContainerStatuses, CONTAINER.fetch)?.terminated;
  const hasStarted = timeMs(trainer?.startedAt) !== undefined;
  if (hasStarted || fetch === undefined || fetch.exitCode === 0) return trainer;
  const { exitCode, message = '', reason = '', ...rest } = fetch;
  return {
    ...rest,
    // It tries no parameters, so it cannot tell that they are bad, nor by memory that it lacks.
    exitCode: SEARCH_CODES.has(exitCode) ? 1 : exitCode,
    message: `fetching data and checkpoint ended with ${exitCode} ${reason}: ${plainText(message)}`,
    ...(reason === UNKNOWN_CONTAINER ? { reason } : {}),
  };
}

/** A courier leaves its message as a trainer would, as JSON. */
function plainText(message: string): string {
  try {
    const said: unknown = JSON.parse(message);
    if (typeof said === 'object' && said !== null && 'message' in said) return String(said.message);
  } catch {
    // Killed, or another program: whatever it left.
  }
  return message;
}

/** A sidecar carries the last reports after the trainer's end, and the pod ends with it. */
function lastEndMs({ status }: RawPod, ended: RawTermination | undefined): number | undefined {
  const courier = stateOf(status?.initContainerStatuses, CONTAINER.courier)?.terminated;
  const endedMs = timeMs(ended?.finishedAt);
  return endedMs && Math.max(endedMs, timeMs(courier?.finishedAt) ?? 0);
}

function waitingReason(pod: RawPod, scheduled: RawCondition | undefined): string | undefined {
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  for (const { state } of statuses) {
    const reason = state?.waiting?.reason;
    if (reason !== undefined && !ORDINARY_WAITS.has(reason)) return reason;
  }
  // Unschedulable, or SchedulingGated by a queue.
  return scheduled?.status === 'False' ? scheduled.reason : undefined;
}

/**
 * The resources that the scheduler found no room for. Its text also counts nodes, which changes with every
 * pod that ends anywhere: a status that repeated it would be written as often.
 */
function lacking(scheduled: RawCondition | undefined): readonly string[] | undefined {
  const found = (scheduled?.message ?? '').matchAll(
    /\bInsufficient ([A-Za-z0-9./_-]{1,128})(?<![.])/g,
  );
  const names = [...new Set(Array.from(found, ([, name = '']) => name))];
  return names.length === 0 ? undefined : names.sort().slice(0, MOST_LACKING);
}

/** When the deletion was asked for: the timestamp names the end of the grace period. */
function deletedAtMs(pod: RawPod): number | undefined {
  const until = timeMs(pod.metadata.deletionTimestamp);
  if (until === undefined) return undefined;
  return until - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
}

function stateOf(statuses: readonly RawContainerStatus[] | undefined, container: string) {
  return statuses?.find(({ name }) => name === container)?.state;
}

function conditionOf(pod: RawPod, type: string): RawCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

function timeMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function present<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: V });
}

/** Whether a planner could tell two views apart. */
export function podDiffers(before: PodView, after: PodView): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
