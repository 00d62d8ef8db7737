import type { ApiClient } from '../api-client.ts';
import type { KubeObject } from '../kube-types.ts';
import { waitFor } from '../wait.ts';

export interface NodeShape {
  readonly name: string;
  readonly gpus: number;
  readonly pods: number;
  /** Of the kubelet's https server on 127.0.0.1. */
  readonly port: number;
}

interface Node extends KubeObject {
  readonly spec?: { readonly taints?: readonly object[] };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The label of nodes whose pods run as processes. */
const PROCESS_NODE_LABEL = 'process.espalier.test/node';
const LEASE_SECONDS = 40;

/** Registers the node; resolves once the scheduler may use it. */
export async function registerNode(client: ApiClient, shape: NodeShape): Promise<void> {
  const { name, gpus, pods, port } = shape;
  const capacity = {
    cpu: '1k',
    memory: '1Ti',
    pods: String(pods),
    'nvidia.com/gpu': String(gpus),
  };
  await client.create('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [PROCESS_NODE_LABEL]: 'true', 'kubernetes.io/hostname': name } },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  });
  await beat(client, name);
  await reportReady(client, name);
  await waitFor(
    async () => {
      const { spec, status } = await client.get<Node>(`/api/v1/nodes/${name}`);
      const ready = status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
      // The node controller takes a moment to lift the taint that every new node gets.
      return ready === true && (spec?.taints?.length ?? 0) === 0;
    },
    { what: `node ${name} is Ready` },
  );
}

/** The node says that it can take pods; true until nothing is heard of it for too long. */
export async function reportReady(client: ApiClient, name: string): Promise<void> {
  const now = new Date().toISOString();
  await client.patch(`/api/v1/nodes/${name}/status`, 'strategic-merge-patch', {
    status: {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now },
      ],
    },
  });
}

/** Renews the node's lease, or makes it. */
export async function beat(client: ApiClient, name: string): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const renewTime = new Date().toISOString().replace('Z', '000Z'); // a time with microseconds
  const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  const renewed = await client.request('PATCH', `${leases}/${name}`, {
    body: { spec },
    contentType: 'application/merge-patch+json',
  });
  if (renewed.status !== 404) return;
  await client.create(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec,
  });
}
