import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { createExperiment, experimentEnded, experimentsPath, lastWords } from './objects.ts';
import { eventsOf, podRuns, trialAt, trialUntil, useRig } from './pods-rig.ts';

const done = { message: lastWords(0.5), runFor: '200ms' };
const once = (pod: string) => (pod.endsWith('-a0') ? { runFor: 'never' } : done);
/** So that one failure and one disruption can be told apart. */
const strict = { maxRetries: 0, maxDisruptions: 1 };

describe('where pods run, and how they wait for a place', {
  skip: whyNoTools(),
  concurrency: true,
}, () => {
  const rig = useRig({
    label: 'place',
    nodes: { nodes: 3, gpus: 8 },
    flags: {
      apiserver: [
        '--feature-gates=MutatingAdmissionPolicy=true',
        '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
      ],
    },
  });

  // The second and third node are for the tests that ask for them.
  before(async () => {
    for (const node of rig.kwok.nodes.slice(1)) await taint(node, 'reserved', 'NoSchedule');
  });

  async function taint(node: string, key: string, effect: string): Promise<void> {
    const add = { op: 'add', path: '/spec/taints/-', value: { key, value: 'true', effect } };
    const { spec } = await rig.client.get<{ metadata: object; spec: { taints?: object[] } }>(
      `/api/v1/nodes/${node}`,
    );
    const list = { op: 'add', path: '/spec/taints', value: [] };
    await rig.client.patch(
      `/api/v1/nodes/${node}`,
      'json-patch',
      spec.taints === undefined ? [list, add] : [add],
    );
  }

  /** Places the pods of the namespace's Experiments on that node. */
  function profile(namespace: string, node: string): Promise<unknown> {
    return rig.client.create(
      `/apis/espalier.dev/v1alpha1/namespaces/${namespace}/trainerprofiles`,
      {
        apiVersion: 'espalier.dev/v1alpha1',
        kind: 'TrainerProfile',
        metadata: { name: 'there', namespace },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': node },
          tolerations: [{ key: 'reserved', operator: 'Exists' }],
        },
      },
    );
  }

  const outcomes = async (namespace: string) =>
    (await trialAt(rig.client, namespace, 'e-00000')).status?.attempts.map(
      ({ outcome }) => outcome,
    );
  const experiment = async (namespace: string) =>
    (await rig.client.get(experimentsPath(namespace, 'e'))) as unknown as Experiment;

  test('G3 F17 K15 a NoExecute taint disrupts, and the next attempt waits unschedulable, not Running', async () => {
    const { client } = rig;
    const node = rig.kwok.nodes[1] as string;
    await rig.namespace('taint', once);
    await profile('taint', node);
    const trainer = { profile: 'there' };
    await createExperiment(client, 'taint', 'e', {
      trials: { max: 1 },
      attempts: strict,
      trainer,
    });
    await podRuns(client, 'taint', 'e-00000-a0');
    await taint(node, 'drain', 'NoExecute');
    const waiting = await trialUntil(
      client,
      'taint',
      'e-00000',
      ({ status }) => status?.reason === 'Unschedulable',
      'waits for a node',
    );
    assert.equal(waiting.status?.phase, 'Pending');
    await waitFor(async () => (await experiment('taint')).status?.trials?.running === 0, {
      what: 'none is said to run',
    });
    const reserved = [{ key: 'reserved', value: 'true', effect: 'NoSchedule' }];
    await client.patch(`/api/v1/nodes/${node}`, 'merge-patch', { spec: { taints: reserved } });
    const { status } = await experimentEnded(client, 'taint', 'e');
    assert.equal(status?.phase, 'Succeeded');
    assert.deepEqual(await outcomes('taint'), ['Disrupted', 'Succeeded']);
  });

  test('G3 F17 the scheduler preempts for a higher priority, and the trial goes on after it', async () => {
    const { client } = rig;
    const node = rig.kwok.nodes[2] as string;
    await rig.namespace('preempt', once);
    await profile('preempt', node);
    const trainer = { profile: 'there', resources: { gpu: 8 } };
    await createExperiment(client, 'preempt', 'e', {
      trials: { max: 1 },
      attempts: strict,
      trainer,
    });
    await podRuns(client, 'preempt', 'e-00000-a0');
    await client.create('/apis/scheduling.k8s.io/v1/priorityclasses', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'urgent' },
      value: 1000,
    });
    const urgent = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'urgent',
        namespace: 'preempt',
        annotations: { 'fake.espalier.test/run-for': '1s' },
      },
      spec: {
        restartPolicy: 'Never',
        priorityClassName: 'urgent',
        tolerations: [{ operator: 'Exists' }],
        nodeSelector: { 'kubernetes.io/hostname': node },
        containers: [{ name: 'c', image: 'x', resources: { limits: { 'nvidia.com/gpu': '8' } } }],
      },
    };
    await waitFor(() => client.create('/api/v1/namespaces/preempt/pods', urgent), {
      what: 'the API server knows the class',
    });
    const { status } = await experimentEnded(client, 'preempt', 'e');
    assert.equal(status?.phase, 'Succeeded');
    assert.deepEqual(await outcomes('preempt'), ['Disrupted', 'Succeeded']);
  });

  test('G5 F19 K15 a cluster without room is waited for; only `queue` ends the wait', async () => {
    const { client } = rig;
    await rig.namespace('full', () => done);
    const trainer = { resources: { gpu: 9 } };
    await createExperiment(client, 'full', 'e', { trials: { max: 1 }, trainer });
    await createExperiment(client, 'full', 'q', {
      trials: { max: 1 },
      trainer,
      attempts: strict,
      deadlines: { queue: '2s' },
    });
    const late = await experimentEnded(client, 'full', 'q');
    assert.equal(late.status?.reason, 'NoValue');
    const { status } = await trialAt(client, 'full', 'q-00000');
    assert.deepEqual([status?.phase, status?.reason], ['Failed', 'DeadlineExceeded']);
    assert.match(status?.message ?? '', /deadlines\.queue/);
    // The other one waits, says so, and is not called Running.
    const waiting = await trialAt(client, 'full', 'e-00000');
    assert.deepEqual([waiting.status?.phase, waiting.status?.reason], ['Pending', 'Unschedulable']);
    assert.match(
      waiting.status?.message ?? '',
      /waits: Unschedulable \(Insufficient nvidia\.com\/gpu\)/,
    );
    const waits = await experiment('full');
    assert.deepEqual([waits.status?.phase, waits.status?.trials?.running], ['Pending', 0]);
    await waitFor(
      async () =>
        (await eventsOf(client, 'full', 'e-00000')).some((event) =>
          event.includes('Unschedulable'),
        ),
      { what: 'an event tells of it' },
    );
    await client.patch(experimentsPath('full', 'e'), 'merge-patch', {
      spec: { desiredState: 'Cancel' },
    });
    assert.equal((await experimentEnded(client, 'full', 'e')).status?.phase, 'Cancelled');
  });

  test('F19 K15 U25 a pod that a queue holds back waits gated, and runs once it is admitted', async () => {
    const { client } = rig;
    await rig.namespace('gated', () => done);
    const api = '/apis/admissionregistration.k8s.io/v1beta1';
    await client.create(`${api}/mutatingadmissionpolicies`, {
      apiVersion: 'admissionregistration.k8s.io/v1beta1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name: 'queue' },
      spec: {
        reinvocationPolicy: 'Never',
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gated' } },
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
          ],
        },
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: {
              expression:
                'Object{spec: Object.spec{schedulingGates: [Object.spec.schedulingGates{name: "queue.example/admission"}]}}',
            },
          },
        ],
      },
    });
    await client.create(`${api}/mutatingadmissionpolicybindings`, {
      apiVersion: 'admissionregistration.k8s.io/v1beta1',
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name: 'queue' },
      spec: { policyName: 'queue' },
    });
    const probe = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probe' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    };
    await waitFor(
      async () => {
        const path = '/api/v1/namespaces/gated/pods?dryRun=All';
        return /schedulingGates/.test((await client.request('POST', path, { body: probe })).text);
      },
      { what: 'the queue is in force' },
    );
    await createExperiment(client, 'gated', 'e', {
      trials: { max: 1 },
      queueName: 'team',
      deadlines: { pending: '1s' },
    });
    const { status } = await trialUntil(
      client,
      'gated',
      'e-00000',
      (trial) => trial.status?.reason === 'SchedulingGated',
      'says that it waits for admission',
    );
    assert.equal(status?.phase, 'Pending');
    await waitFor(async () => (await experiment('gated')).status?.phase === 'Pending', {
      what: 'the experiment is Pending too',
    });
    const path = '/api/v1/namespaces/gated/pods/e-00000-a0';
    assert.equal((await client.get(path)).metadata.labels?.['kueue.x-k8s.io/queue-name'], 'team');
    await client.patch(path, 'merge-patch', { spec: { schedulingGates: [] } });
    assert.equal((await experimentEnded(client, 'gated', 'e')).status?.phase, 'Succeeded');
    assert.deepEqual(await outcomes('gated'), ['Succeeded']);
  });
});
