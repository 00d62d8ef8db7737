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

describe('where pods run, and what keeps them from it', {
  skip: whyNoTools(),
  concurrency: true,
}, () => {
  const rig = useRig({ label: 'place', nodes: { nodes: 3, gpus: 8 } });

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
    await client.create('/api/v1/namespaces/preempt/pods', {
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

  test('G5 F19 a used-up quota is told, waited for, and over when it is raised', async () => {
    const { client } = rig;
    await rig.namespace('quota', () => done);
    const path = '/api/v1/namespaces/quota/resourcequotas';
    await client.create(path, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'quota' },
      spec: { hard: { pods: '0' } },
    });
    await waitFor(
      async () =>
        (await client.get<{ metadata: object; status?: { hard?: object } }>(`${path}/q`)).status
          ?.hard,
      { what: 'the quota is known' },
    );
    await createExperiment(client, 'quota', 'e', { trials: { max: 1 }, attempts: strict });
    const waiting = await trialUntil(
      client,
      'quota',
      'e-00000',
      ({ status }) => status?.reason === 'QuotaExceeded',
      'says what it waits for',
    );
    assert.equal(waiting.status?.phase, 'Pending');
    assert.match(waiting.status?.message ?? '', /exceeded quota: q/);
    assert.equal((await experiment('quota')).status?.phase, 'Pending');
    await waitFor(
      async () => (await eventsOf(client, 'quota', 'e-00000')).some((e) => /QuotaExceeded/.test(e)),
      { what: 'an event tells of it' },
    );
    await client.remove(`${path}/q`);
    const { status } = await experimentEnded(client, 'quota', 'e');
    assert.equal(status?.phase, 'Succeeded');
    assert.deepEqual(await outcomes('quota'), ['Succeeded']);
  });

  test('G5 F19 a policy that denies the pod fails the trial at once, in its own words', async () => {
    const { client } = rig;
    await rig.namespace('denied', () => done);
    const api = '/apis/admissionregistration.k8s.io/v1';
    await client.create(`${api}/validatingadmissionpolicies`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-trainers' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
          ],
        },
        validations: [{ expression: 'false', message: 'no trainers on Sundays' }],
      },
    });
    await client.create(`${api}/validatingadmissionpolicybindings`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-trainers' },
      spec: {
        policyName: 'no-trainers',
        validationActions: ['Deny'],
        matchResources: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'denied' } },
        },
      },
    });
    const probe = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probe' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    };
    await waitFor(
      async () => {
        const path = '/api/v1/namespaces/denied/pods?dryRun=All';
        return (await client.request('POST', path, { body: probe })).status >= 400;
      },
      { what: 'the policy is in force' },
    );
    await createExperiment(client, 'denied', 'e', { trials: { max: 1 } });
    await experimentEnded(client, 'denied', 'e');
    const { status } = await trialAt(client, 'denied', 'e-00000');
    assert.deepEqual([status?.phase, status?.reason], ['Failed', 'Unstartable']);
    assert.match(status?.message ?? '', /no trainers on Sundays/);
    await waitFor(
      async () => (await eventsOf(client, 'denied', 'e-00000')).some((e) => /on Sundays/.test(e)),
      { what: 'an event tells of it' },
    );
  });

  test('F19 K15 an image that does not come is Starting with that reason, and an event tells', async () => {
    const { client } = rig;
    await rig.namespace('image', () => ({ stuckReason: 'ErrImagePull' }));
    await createExperiment(client, 'image', 'e', { trials: { max: 1 } });
    await trialUntil(
      client,
      'image',
      'e-00000',
      ({ status }) => status?.phase === 'Starting' && status.reason === 'ErrImagePull',
      'says why it does not start',
    );
    await waitFor(
      async () => (await eventsOf(client, 'image', 'e-00000')).some((e) => /ErrImagePull/.test(e)),
      { what: 'an event tells of it' },
    );
    await client.patch(experimentsPath('image', 'e'), 'merge-patch', {
      spec: { desiredState: 'Cancel' },
    });
    const { status } = await experimentEnded(client, 'image', 'e');
    assert.equal(status?.phase, 'Cancelled');
  });
});
