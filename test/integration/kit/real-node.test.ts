import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../kit/kube-types.ts';
import { useNodeCluster } from '../../kit/node/node-suite.ts';
import { busyboxImage, SHELL_IMAGE } from '../../kit/node/server-images.ts';
import { whyNoNode } from '../../kit/node/why-no-node.ts';
import { waitFor } from '../../kit/wait.ts';

interface Pod extends KubeObject {
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly message?: string }[];
    readonly containerStatuses?: readonly {
      readonly state: {
        readonly terminated?: { readonly exitCode: number; readonly reason: string };
      };
    }[];
  };
}

interface PodWish {
  readonly script: string;
  readonly limits?: Readonly<Record<string, string>>;
}

const NAMESPACE = 'restricted';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

describe('a node that runs pods', { skip: whyNoNode() }, () => {
  const node = useNodeCluster({ images: async () => [await busyboxImage()] });

  test('it is Ready, and a pod that PSA restricted admits ends with its exit code and log', async () => {
    const { plane } = node.cluster;
    await plane.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: NAMESPACE,
        labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
      },
    });
    const wide = await plane.kubectl(['get', 'nodes', '--no-headers']);
    assert.match(wide, /^node-0 +Ready /);
    const end = await ended(await runPod('said', { script: 'echo hello; exit 3' }));
    assert.deepEqual(end, { exitCode: 3, reason: 'Error' });
    assert.equal(await logOf('said'), 'hello\n');
  });

  test('a container that takes more memory than its limit ends as OOMKilled with 137', async () => {
    const script = 'busybox dd if=/dev/zero of=/dev/null bs=200M count=1';
    const end = await ended(await runPod('hungry', { script, limits: { memory: '16Mi' } }));
    assert.deepEqual(end, { exitCode: 137, reason: 'OOMKilled' });
  });

  test('a pod resolves names and reaches the API server and another pod by their Services', async () => {
    const { plane } = node.cluster;
    const labels = { app: 'echo' };
    await plane.client.create(`/api/v1/namespaces/${NAMESPACE}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'echo' },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const serve = 'while true; do echo found | busybox nc -l -p 8080; done';
    await runPod('echo', { script: serve }, labels);
    const script = `
      busybox nslookup kubernetes.default.svc.cluster.local
      until busybox nc -w 5 kubernetes.default 443 </dev/null; do busybox sleep 0.2; done
      until busybox nc -w 5 echo 80 </dev/null | busybox grep found; do busybox sleep 0.2; done`;
    const end = await ended(await runPod('asks', { script }));
    assert.equal(end.exitCode, 0);
    const log = await logOf('asks');
    assert.ok(log.includes(node.cluster.box.network.apiService), log);
    assert.match(log, /^found$/m);
  });

  test('two GPUs can be had and a third cannot', async () => {
    await runPod('greedy', { script: 'exit 0', limits: { 'nvidia.com/gpu': '3' } });
    const why = await waitFor(
      async () =>
        (await podOf('greedy')).status.conditions?.find(({ type }) => type === 'PodScheduled')
          ?.message,
      { what: 'the scheduler says why it waits' },
    );
    assert.match(why, /Insufficient nvidia\.com\/gpu/);
    const end = await ended(
      await runPod('modest', { script: 'exit 0', limits: { 'nvidia.com/gpu': '2' } }),
    );
    assert.equal(end.exitCode, 0);
  });

  test('a kubelet that starts again finds its node with its GPUs', async () => {
    const { kubelet, plane } = node.cluster;
    await kubelet.restart();
    const { status } = await plane.client.get<
      KubeObject & { readonly status: { readonly allocatable: Record<string, string> } }
    >('/api/v1/nodes/node-0');
    assert.equal(status.allocatable['nvidia.com/gpu'], '2');
  });

  async function runPod(
    name: string,
    { script, limits = {} }: PodWish,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { client } = node.cluster.plane;
    await waitFor(
      async () =>
        (await client.request('GET', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`))
          .status === 200,
      { what: 'the namespace has its service account' },
    );
    await client.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'main',
            image: SHELL_IMAGE,
            imagePullPolicy: 'Never',
            args: ['sh', '-c', script],
            resources: { limits },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    });
    return name;
  }

  const podOf = (name: string) => node.cluster.plane.client.get<Pod>(`${PODS}/${name}`);

  const logOf = (name: string) =>
    node.cluster.plane.kubectl(['logs', '--namespace', NAMESPACE, name]);

  async function ended(name: string): Promise<{ exitCode: number; reason: string }> {
    const { exitCode, reason } = await waitFor(
      async () => (await podOf(name)).status.containerStatuses?.[0]?.state.terminated,
      { what: `pod ${name} has ended`, timeoutMs: 120_000 },
    );
    return { exitCode, reason };
  }
});
