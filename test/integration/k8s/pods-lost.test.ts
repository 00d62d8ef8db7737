import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KubeObject, Pod } from '../../kit/kube-types.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  podsIn,
} from './objects.ts';
import { watchPods } from './pod-witness.ts';
import { podCreations, podRuns, trialAt, trialUntil, useRig } from './pods-rig.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const HEARTBEAT_MS = 3_000;

/** What a lost pod's Trial may do: the Experiments of this suite, by namespace. */
const SPECS = {
  keep: { deadlines: { termination: '2s' } },
  replace: { deadlines: { termination: '2s' }, attempts: { replaceLost: true } },
  patient: { deadlines: { termination: '10m' } },
} as const;

describe('a node that is lost and comes back', { skip: whyNoTools() }, () => {
  const rig = useRig({
    label: 'lost',
    flags: {
      // kwok renews the lease of a node every 10 s.
      'controller-manager': ['--node-monitor-grace-period=16s', '--node-monitor-period=500ms'],
      apiserver: [
        '--default-not-ready-toleration-seconds=1',
        '--default-unreachable-toleration-seconds=1',
      ],
    },
  });
  let heartbeat: NodeJS.Timeout | undefined;

  before(async () => {
    await addSteadyNode();
    for (const [namespace, spec] of Object.entries(SPECS)) {
      await rig.namespace(namespace, (pod) =>
        pod === 'e-00000-a0' ? { runFor: 'never' } : { message: lastWords(0.5), runFor: '200ms' },
      );
      await createExperiment(rig.client, namespace, 'e', {
        trials: { max: 2, parallel: 1 },
        trainer: { gracePeriod: '1s' },
        ...spec,
      });
      await podRuns(rig.client, namespace, 'e-00000-a0');
    }
  });
  after(() => clearInterval(heartbeat));

  /** Pods are evicted only while some node of the cluster is well. */
  async function addSteadyNode(): Promise<void> {
    const { client } = rig;
    const now = () => new Date().toISOString().replace('Z', '000Z');
    await client.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'steady' },
      spec: { unschedulable: true },
    });
    await client.create(LEASES, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'steady', namespace: 'kube-node-lease' },
      spec: { holderIdentity: 'steady', leaseDurationSeconds: 40, renewTime: now() },
    });
    await client.patch('/api/v1/nodes/steady/status', 'merge-patch', {
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: now() }] },
    });
    heartbeat = setInterval(() => {
      const body = { spec: { renewTime: now() } };
      client.patch(`${LEASES}/steady`, 'merge-patch', body).catch(() => {});
    }, HEARTBEAT_MS);
  }

  const lostPod = (namespace: string) =>
    rig.client.get<Pod>(`/api/v1/namespaces/${namespace}/pods/e-00000-a0`);
  const attemptsOf = async (namespace: string) =>
    (await trialAt(rig.client, namespace, 'e-00000')).status?.attempts.map(
      ({ outcome }) => outcome,
    );

  test('G1 G3 G5 F18 while it is lost, only replaceLost starts another attempt', async (context) => {
    const { client, proxy, kwok } = rig;
    await kwok.kill();
    for (const namespace of Object.keys(SPECS)) {
      await waitFor(async () => (await lostPod(namespace)).metadata.deletionTimestamp, {
        what: `the pod in ${namespace} is evicted`,
        timeoutMs: 60_000,
      });
    }
    const given = await trialUntil(
      client,
      'keep',
      'e-00000',
      ({ status }) => status?.phase === 'Failed',
      'is given up',
    );
    assert.equal(given.status?.reason, 'Disrupted');
    assert.match(given.status?.message ?? '', /replaceLost/);
    await waitFor(() => podCreations(proxy, 'replace').has('e-00000-a1'), {
      what: 'the next attempt is created where that was allowed',
    });
    const { items } = await podsIn(client, 'replace');
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['e-00000-a1'],
      'the lost pod is gone before',
    );
    assert.deepEqual(await attemptsOf('replace'), ['Disrupted', undefined]);
    // Neither a next attempt, nor a next trial in the slot of a pod that may still run.
    assert.deepEqual([...podCreations(proxy, 'keep').keys()], ['e-00000-a0']);
    assert.deepEqual([...podCreations(proxy, 'patient').keys()], ['e-00000-a0']);
    assert.equal((await lostPod('keep')).status?.phase, 'Running');
    assert.notEqual((await trialAt(client, 'patient', 'e-00000')).status?.phase, 'Failed');
    context.diagnostic('3 pods lost, 1 replaced by consent, duplicates 0');
  });

  test('G1 G2 G4 F18 when it is back, its pods end and each is counted once', async (context) => {
    const { client, proxy, kwok } = rig;
    const witnesses = Object.keys(SPECS).map((namespace) => watchPods(client, namespace));
    await kwok.restart();
    for (const namespace of Object.keys(SPECS)) {
      const { status } = await experimentEnded(client, namespace, 'e');
      assert.equal(status?.phase, 'Succeeded', namespace);
      const twice = [...podCreations(proxy, namespace)].filter(([, times]) => times > 1);
      assert.deepEqual(twice, []);
    }
    const kept = await trialAt(client, 'keep', 'e-00000');
    assert.equal(kept.status?.phase, 'Failed', 'terminal is terminal');
    assert.deepEqual(await attemptsOf('keep'), ['Disrupted']);
    for (const namespace of ['replace', 'patient']) {
      assert.deepEqual(await attemptsOf(namespace), ['Disrupted', 'Succeeded'], namespace);
    }
    for (const witness of witnesses) {
      assert.equal(witness.peak('e'), 1, 'parallel');
      assert.deepEqual(witness.overlaps, []);
      await witness.close();
    }
    for (const namespace of Object.keys(SPECS)) {
      await waitFor(async () => (await podsIn(client, namespace)).items.length === 0, {
        what: `no pod is left in ${namespace}`,
      });
      await client.get<KubeObject>(experimentsPath(namespace, 'e'));
    }
    context.diagnostic('3 experiments ended, pods left 0, duplicates 0, overlaps 0');
  });
});
