import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startControlPlane } from '../../kit/control-plane.ts';
import { type FakeBehaviour, fakeEnv } from '../../kit/fake-pod.ts';
import type { Condition, KubeObject, Pod } from '../../kit/kube-types.ts';
import { startKwok } from '../../kit/kwok.ts';
import { createPod, podBody, podEnded, podInPhase, podPath } from '../../kit/pods.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';

interface Node extends KubeObject {
  readonly status: { readonly conditions: readonly Condition[] };
}

const terminated = (pod: Pod) => pod.status?.containerStatuses?.[0]?.state?.terminated;
const disruption = (pod: Pod) =>
  pod.status?.conditions?.find((condition) => condition.type === 'DisruptionTarget');

const slug = (title: string) => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

describe('fake nodes', { skip: whyNoTools() }, () => {
  const cluster = useCluster({
    label: 'kwok',
    nodes: { tainted: true },
    flags: { 'controller-manager': ['--node-monitor-grace-period=4s', '--node-monitor-period=1s'] },
  });

  const endings: Record<
    string,
    {
      behaviour: FakeBehaviour;
      wantPhase: string;
      wantCode: number;
      wantReason: string;
      wantPodReason?: string;
      wantDisruption?: string;
      wantMessage?: string;
    }
  > = {
    'a pod without instructions succeeds': {
      behaviour: {},
      wantPhase: 'Succeeded',
      wantCode: 0,
      wantReason: 'Completed',
    },
    'F16 a pod ends with its exit code and message': {
      behaviour: { exitCode: 42, message: '{"loss": 0.5}', runFor: '300ms' },
      wantPhase: 'Failed',
      wantCode: 42,
      wantReason: 'Error',
      wantMessage: '{"loss": 0.5}',
    },
    'F16 a pod runs out of memory': {
      behaviour: { ending: 'oom' },
      wantPhase: 'Failed',
      wantCode: 137,
      wantReason: 'OOMKilled',
    },
    'F17 a pod is evicted': {
      behaviour: { ending: 'evict' },
      wantPhase: 'Failed',
      wantCode: 137,
      wantReason: 'Error',
      wantPodReason: 'Evicted',
      wantDisruption: 'TerminationByKubelet',
    },
    'F17 a node shuts down': {
      behaviour: { ending: 'shutdown' },
      wantPhase: 'Failed',
      wantCode: 143,
      wantReason: 'Error',
      wantPodReason: 'Terminated',
      wantDisruption: 'TerminationByKubelet',
    },
  };
  for (const [title, want] of Object.entries(endings)) {
    test(title, async () => {
      const { client } = cluster.plane;
      await createPod(client, slug(title), { behaviour: want.behaviour });
      const pod = await podEnded(client, slug(title));
      assert.equal(pod.status?.phase, want.wantPhase);
      assert.equal(terminated(pod)?.exitCode, want.wantCode);
      assert.equal(terminated(pod)?.reason, want.wantReason);
      assert.equal(terminated(pod)?.message, want.wantMessage);
      assert.equal(pod.status?.reason, want.wantPodReason);
      assert.equal(disruption(pod)?.reason, want.wantDisruption);
    });
  }

  test('variables of the container work like annotations', async () => {
    const { client } = cluster.plane;
    const body = podBody('by-variables');
    const [container] = body.spec.containers;
    const env = fakeEnv({ exitCode: 20, runFor: '100ms' });
    await client.create(podPath('default'), {
      ...body,
      spec: { ...body.spec, containers: [{ ...container, env }] },
    });
    assert.equal(terminated(await podEnded(client, 'by-variables'))?.exitCode, 20);
  });

  test('a pod that runs for ever ends when it is told to', async () => {
    const { client } = cluster.plane;
    await createPod(client, 'told', { behaviour: { runFor: 'never' } });
    await podInPhase(client, 'told', ['Running']);
    await cluster.kwok.tell('default', 'told', { runFor: '0s', exitCode: 3 });
    assert.equal(terminated(await podEnded(client, 'told'))?.exitCode, 3);
  });

  test('F19 a pod whose image cannot be pulled waits for ever', async () => {
    const { client } = cluster.plane;
    await createPod(client, 'stuck', { behaviour: { stuckReason: 'ImagePullBackOff' } });
    const reason = await waitFor(
      async () => {
        const pod = await client.get<Pod>(podPath('default', 'stuck'));
        return pod.status?.containerStatuses?.[0]?.state?.waiting?.reason;
      },
      { what: 'the container says why it waits' },
    );
    assert.equal(reason, 'ImagePullBackOff');
  });

  test('a deleted pod with a finalizer ends first and goes when the finalizer does', async () => {
    const { client } = cluster.plane;
    const options = { behaviour: { runFor: 'never' }, finalizers: ['espalier.test/counted'] };
    await createPod(client, 'guarded', options);
    await podInPhase(client, 'guarded', ['Running']);
    await client.remove(podPath('default', 'guarded'));
    const pod = await podEnded(client, 'guarded');
    assert.equal(terminated(pod)?.exitCode, 143);
    await client.patch(podPath('default', 'guarded'), 'merge-patch', {
      metadata: { finalizers: null },
    });
    await waitFor(
      async () => (await client.request('GET', podPath('default', 'guarded'))).status === 404,
      { what: 'the pod is gone' },
    );
  });

  test('a pod that asks for more GPUs than there are stays unschedulable', async () => {
    const { client } = cluster.plane;
    await createPod(client, 'too-large', { gpus: 501 });
    const message = await waitFor(
      async () => {
        const pod = await client.get<Pod>(podPath('default', 'too-large'));
        return pod.status?.conditions?.find(({ reason }) => reason === 'Unschedulable')?.message;
      },
      { what: 'the scheduler says why' },
    );
    assert.match(message, /Insufficient nvidia\.com\/gpu/);
  });

  test('200 pods of one GPU end', async (t) => {
    const { client } = cluster.plane;
    const namespace = 'many';
    await client.create('/api/v1/namespaces', { metadata: { name: namespace } });
    const began = performance.now();
    const names = Array.from({ length: 200 }, (_, index) => `pod-${index}`);
    await Promise.all(names.map((name) => createPod(client, name, { namespace })));
    await waitFor(
      async () => {
        const { items } = await client.list<Pod>(podPath(namespace));
        return items.filter((pod) => pod.status?.phase === 'Succeeded').length === names.length;
      },
      { what: 'all pods have succeeded' },
    );
    t.diagnostic(`200 pods in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });

  test('F18 a node without its kubelet goes NotReady and comes back', async () => {
    const { plane, kwok } = cluster;
    const isReady = async () => {
      const node = await plane.client.get<Node>(`/api/v1/nodes/${kwok.nodes[0]}`);
      return node.status.conditions.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      );
    };
    await kwok.kill();
    // The lease was renewed at most 10 s ago, and is valid for the grace period after that.
    await waitFor(async () => !(await isReady()), { what: 'the node is NotReady' });
    await kwok.restart();
    await waitFor(isReady, { what: 'the node is Ready again' });
  });
});

describe('fake nodes for benchmarks', { skip: whyNoTools() }, () => {
  test('every pod succeeds at once, whatever its annotations say', async () => {
    const plane = await startControlPlane({ label: 'fast' });
    try {
      await startKwok(plane, { stages: 'fast', nodes: 2 });
      await createPod(plane.client, 'fast', { behaviour: { runFor: 'never' } });
      assert.equal((await podEnded(plane.client, 'fast')).status?.phase, 'Succeeded');
    } finally {
      await plane.stop();
    }
  });
});
