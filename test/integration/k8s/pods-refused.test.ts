import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  untilPodsRefused,
} from './objects.ts';
import { eventsOf, trialAt, trialUntil, useRig } from './pods-rig.ts';

const done = { message: lastWords(0.5), runFor: '200ms' };
/** So that one failure and one disruption can be told apart. */
const strict = { maxRetries: 0, maxDisruptions: 1 };

describe('what keeps pods from being made or started', {
  skip: whyNoTools(),
  concurrency: true,
}, () => {
  const rig = useRig({ label: 'refused' });

  const outcomes = async (namespace: string) =>
    (await trialAt(rig.client, namespace, 'e-00000')).status?.attempts.map(
      ({ outcome }) => outcome,
    );
  const experiment = async (namespace: string) =>
    (await rig.client.get(experimentsPath(namespace, 'e'))) as unknown as Experiment;

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
    await untilPodsRefused(client, 'quota');
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
    await waitFor(async () => (await experiment('quota')).status?.phase === 'Pending', {
      what: 'the experiment is Pending too',
    });
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
    await untilPodsRefused(client, 'denied');
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
