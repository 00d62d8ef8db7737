import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATION, FINALIZER, LABEL } from '@espalier/api';
import type { PodView } from '../../domain/trial/pod-view.ts';
import { podViewFromPod, type RawCondition, type RawPod } from './pod-view-from-pod.ts';

const at = (second: number): string => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();
const ms = (second: number): number => Date.parse(at(second));

type State = NonNullable<
  NonNullable<NonNullable<RawPod['status']>['containerStatuses']>[number]['state']
>;

interface Shape {
  readonly phase?: string;
  readonly reason?: string;
  readonly state?: State;
  readonly fetch?: State;
  readonly courier?: State;
  readonly resumeFrom?: string;
  readonly conditions?: readonly RawCondition[];
  readonly unscheduled?: boolean;
  readonly deleted?: { readonly until: number; readonly grace: number };
  readonly finalizers?: readonly string[];
}

function pod(shape: Shape): RawPod {
  const { fetch, courier, resumeFrom } = shape;
  const init = Object.entries({ fetch, courier }).filter(([, state]) => state !== undefined);
  const { phase = 'Pending', reason, state, conditions = [], unscheduled = false, deleted } = shape;
  return {
    metadata: {
      name: 'exp-00001-a2',
      namespace: 'ns',
      uid: 'pod-uid',
      resourceVersion: '7',
      creationTimestamp: at(0),
      labels: { [LABEL.attempt]: '2', [LABEL.trial]: 'exp-00001' },
      finalizers: shape.finalizers ?? [FINALIZER],
      ...(resumeFrom === undefined ? {} : { annotations: { [ANNOTATION.resumeFrom]: resumeFrom } }),
      ownerReferences: [
        { apiVersion: 'x', kind: 'Trial', name: 'exp-00001', uid: 'trial-uid', controller: true },
      ],
      ...(deleted === undefined
        ? {}
        : {
            deletionTimestamp: at(deleted.until),
            deletionGracePeriodSeconds: deleted.grace,
          }),
    },
    ...(unscheduled ? {} : { spec: { nodeName: 'n1' } }),
    status: {
      phase,
      ...(reason === undefined ? {} : { reason }),
      conditions: [
        ...(unscheduled
          ? []
          : [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(1) }]),
        ...conditions,
      ],
      initContainerStatuses: init.map(([name, state]) => ({ name, ...(state && { state }) })),
      ...(state === undefined ? {} : { containerStatuses: [{ name: 'trainer', state }] }),
    },
  };
}

const disruption = (reason: string): RawCondition => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason,
  lastTransitionTime: at(30),
});
const exit = (exitCode: number, more: object = {}): State => ({
  terminated: { exitCode, startedAt: at(2), finishedAt: at(40), ...more },
});
const end = (more: Partial<NonNullable<PodView['end']>>): PodView['end'] => ({
  atMs: ms(40),
  oomKilled: false,
  disrupted: false,
  interrupted: false,
  ...more,
});

const INITIALIZING: State = { waiting: { reason: 'PodInitializing' } };
const fetching = (code: number, reason: string, message = '') =>
  `fetching data and checkpoint ended with ${code} ${reason}: ${message}`;

type Want = { readonly [K in keyof PodView]?: PodView[K] | undefined };

/** `end: undefined` = it has not ended; what is not listed is not looked at. */
const cases: Record<string, { shape: Shape; want: Want }> = {
  'a new pod waits for a node': {
    shape: { unscheduled: true },
    want: { createdMs: ms(0), scheduledMs: undefined, end: undefined, waitingReason: undefined },
  },
  'F19 an unschedulable pod says so': {
    shape: {
      unscheduled: true,
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
    },
    want: { waitingReason: 'Unschedulable' },
  },
  'K15 what no node has enough of is told, without counts that change': {
    shape: {
      unscheduled: true,
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message:
            '0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 Insufficient cpu. preemption: ' +
            '0/3 nodes are available: 2 Insufficient nvidia.com/gpu. no victims.',
        },
      ],
    },
    want: { waitingReason: 'Unschedulable', lacks: ['cpu', 'nvidia.com/gpu'] },
  },
  "F19 a queue's gate is told apart": {
    shape: {
      unscheduled: true,
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
    },
    want: { waitingReason: 'SchedulingGated' },
  },
  'a scheduled pod knows since when': { shape: {}, want: { scheduledMs: ms(1) } },
  'a container on its way is no reason to wait for': {
    shape: { state: { waiting: { reason: 'ContainerCreating' } } },
    want: { waitingReason: undefined },
  },
  'a running pod knows since when': {
    shape: { phase: 'Running', state: { running: { startedAt: at(2) } } },
    want: { startedMs: ms(2), end: undefined },
  },
  'exit 0': {
    shape: { phase: 'Succeeded', state: exit(0, { message: '{"step":1}' }) },
    want: { startedMs: ms(2), end: end({ exitCode: 0, message: '{"step":1}' }) },
  },
  'F16 a program error keeps its exit code': {
    shape: { phase: 'Failed', state: exit(42, { reason: 'Error' }) },
    want: { end: end({ exitCode: 42 }) },
  },
  'F16 SIGTERM not handled is 143': {
    shape: { phase: 'Failed', state: exit(143) },
    want: { end: end({ exitCode: 143 }) },
  },
  'F16 out of memory': {
    shape: { phase: 'Failed', state: exit(137, { reason: 'OOMKilled' }) },
    want: { end: end({ exitCode: 137, oomKilled: true }) },
  },
  'F16 SIGKILL without OOMKilled is not out of memory': {
    shape: { phase: 'Failed', state: exit(137, { reason: 'Error' }) },
    want: { end: end({ exitCode: 137 }) },
  },
  'F17 evicted by the kubelet before it started': {
    shape: { phase: 'Failed', reason: 'Evicted', conditions: [] },
    want: { end: end({ atMs: ms(0), disrupted: true }) },
  },
  'F17 evicted while it ran': {
    shape: {
      phase: 'Failed',
      reason: 'Evicted',
      state: exit(137, { reason: 'Error' }),
      conditions: [disruption('TerminationByKubelet')],
    },
    want: { end: end({ exitCode: 137, disrupted: true }) },
  },
  'F17 preempted, saved and ended with 10': {
    shape: {
      phase: 'Failed',
      state: exit(10),
      conditions: [disruption('PreemptionByScheduler')],
      deleted: { until: 60, grace: 30 },
    },
    want: { end: end({ exitCode: 10, disrupted: true }), deletingSinceMs: ms(30) },
  },
  'F17 a node that shuts down': {
    shape: { phase: 'Failed', reason: 'Terminated', state: exit(143) },
    want: { end: end({ exitCode: 143, disrupted: true }) },
  },
  'F17 a DisruptionTarget that is still running has not ended': {
    shape: {
      phase: 'Running',
      state: { running: { startedAt: at(2) } },
      conditions: [disruption('EvictionByEvictionAPI')],
      deleted: { until: 60, grace: 30 },
    },
    want: { end: undefined, deletingSinceMs: ms(30) },
  },
  'F18 on a lost node it has not ended, however long ago it was deleted': {
    shape: {
      phase: 'Running',
      reason: 'NodeLost',
      state: { running: { startedAt: at(2) } },
      conditions: [disruption('DeletionByTaintManager')],
      deleted: { until: 40, grace: 30 },
    },
    want: { end: undefined, deletingSinceMs: ms(10) },
  },
  'F18 a made-up exit code is no exit code': {
    shape: {
      phase: 'Failed',
      state: exit(137, { reason: 'ContainerStatusUnknown' }),
    },
    want: { end: end({ disrupted: true }) },
  },
  'F18 the pod garbage collector ended it': {
    shape: { phase: 'Failed', conditions: [disruption('DeletionByPodGC')] },
    want: { end: end({ atMs: ms(30), disrupted: true }) },
  },
  'the kubelet had no room after all': {
    shape: { phase: 'Failed', reason: 'OutOfnvidia.com/gpu' },
    want: { end: end({ atMs: ms(0), disrupted: true }) },
  },
  'F20 deleted before it had a node: it can never run': {
    shape: { unscheduled: true, deleted: { until: 5, grace: 0 } },
    want: { end: end({ atMs: ms(5) }) },
  },
  'F20 our finalizer was stripped': {
    shape: { phase: 'Running', finalizers: [] },
    want: { held: false },
  },
  'a pod that fetches has not started': {
    shape: { fetch: { running: { startedAt: at(2) } }, state: INITIALIZING },
    want: { startedMs: undefined, end: undefined, waitingReason: undefined },
  },
  'F19 the image of the courier cannot be pulled': {
    shape: { fetch: { waiting: { reason: 'ImagePullBackOff' } }, state: INITIALIZING },
    want: { waitingReason: 'ImagePullBackOff' },
  },
  'data that cannot be used ends the pod with the code of the fetching': {
    shape: {
      phase: 'Failed',
      fetch: exit(30, { reason: 'Error', message: '{"message":"no such data set"}' }),
      state: INITIALIZING,
    },
    want: {
      startedMs: undefined,
      end: end({ exitCode: 30, message: fetching(30, 'Error', 'no such data set') }),
    },
  },
  'fetching that crashed is a program error': {
    shape: {
      phase: 'Failed',
      fetch: exit(1, { reason: 'Error', message: '{"message"' }),
      state: INITIALIZING,
    },
    want: { end: end({ exitCode: 1, message: fetching(1, 'Error', '{"message"') }) },
  },
  'fetching out of memory says nothing about the parameters': {
    shape: { phase: 'Failed', fetch: exit(137, { reason: 'OOMKilled' }), state: INITIALIZING },
    want: { end: end({ exitCode: 137, oomKilled: false, message: fetching(137, 'OOMKilled') }) },
  },
  'fetching cannot refuse parameters, nor diverge': {
    shape: { phase: 'Failed', fetch: exit(20, { reason: 'Error' }), state: INITIALIZING },
    want: { end: end({ exitCode: 1, message: fetching(20, 'Error') }) },
  },
  'F17 told to end while it fetched': {
    shape: {
      phase: 'Failed',
      fetch: exit(10, { reason: 'Error' }),
      state: INITIALIZING,
      deleted: { until: 60, grace: 30 },
    },
    want: { end: end({ exitCode: 10, message: fetching(10, 'Error') }), deletingSinceMs: ms(30) },
  },
  'F17 evicted while it fetched': {
    shape: {
      phase: 'Failed',
      reason: 'Evicted',
      fetch: exit(137, { reason: 'ContainerStatusUnknown' }),
      state: INITIALIZING,
    },
    want: { end: end({ disrupted: true, message: fetching(137, 'ContainerStatusUnknown') }) },
  },
  'an init container that is not ours is not the fetching': {
    shape: { phase: 'Failed', courier: exit(30), state: INITIALIZING },
    want: { end: end({ atMs: ms(0) }) },
  },
  'once the trainer ran, its own end counts': {
    shape: { phase: 'Failed', fetch: exit(0), state: exit(42), courier: exit(143) },
    want: { startedMs: ms(2), end: end({ exitCode: 42 }) },
  },
  'a trainer that ended while its sidecar delivers has not ended': {
    shape: { phase: 'Running', state: exit(0), courier: { running: { startedAt: at(1) } } },
    want: { startedMs: ms(2), end: undefined },
  },
  'a pod ends with its sidecar, as its trainer did': {
    shape: {
      phase: 'Succeeded',
      state: exit(0),
      courier: { terminated: { exitCode: 137, startedAt: at(1), finishedAt: at(55) } },
    },
    want: { end: end({ atMs: ms(55), exitCode: 0 }) },
  },
  'a sidecar that is started again is no reason to wait': {
    shape: {
      phase: 'Running',
      state: { running: { startedAt: at(2) } },
      courier: { waiting: { reason: 'CreateContainerConfigError' } },
    },
    want: { waitingReason: undefined },
  },
  'the checkpoint it began with is read': {
    shape: { resumeFrom: '00000000-0000-4000-8000-000000000001/3/0/40' },
    want: {
      resumeFrom: {
        trialUid: '00000000-0000-4000-8000-000000000001',
        trialIndex: 3,
        attempt: 0,
        step: 40,
      },
    },
  },
  'G12 a damaged mark of a checkpoint is none': {
    shape: { resumeFrom: '../../../3/0/40' },
    want: { resumeFrom: undefined },
  },
  ...Object.fromEntries(
    [
      'ErrImagePull',
      'ImagePullBackOff',
      'InvalidImageName',
      'CreateContainerConfigError',
      'CreateContainerError',
      'RunContainerError',
    ].map((reason) => [
      `F19 ${reason}`,
      { shape: { state: { waiting: { reason } } }, want: { waitingReason: reason } },
    ]),
  ),
};

for (const [name, { shape, want }] of Object.entries(cases)) {
  test(`pod view: ${name}`, () => {
    const view = podViewFromPod(pod(shape));
    assert.ok(view !== undefined);
    assert.equal(view.attempt, 2);
    assert.equal(view.trialUid, 'trial-uid');
    const got = Object.fromEntries(
      Object.keys(want).map((field) => [field, view[field as keyof PodView]]),
    );
    assert.deepEqual(got, want);
  });
}

test('G12 a pod that only looks like ours is not ours', () => {
  const whole = pod({});
  const broken: RawPod[] = [
    { ...whole, metadata: { ...whole.metadata, ownerReferences: [] } },
    { ...whole, metadata: { ...whole.metadata, labels: {} } },
    { ...whole, metadata: { ...whole.metadata, labels: { [LABEL.attempt]: '-1' } } },
    { ...whole, metadata: { ...whole.metadata, labels: { [LABEL.attempt]: 'x' } } },
  ];
  for (const one of broken) assert.equal(podViewFromPod(one), undefined);
});
