import { writeFileSync } from 'node:fs';
import type { ControlPlane } from './control-plane.ts';
import { FAKE_NODE_LABEL, type FakeBehaviour, fakeAnnotations } from './fake-pod.ts';
import type { Condition, KubeObject } from './kube-types.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { FAKE_NODES, fastPods, SCRIPTED_PODS, type Stage } from './kwok-stages.ts';
import { type OwnProcess, startProcess } from './own-process.ts';
import { toolPaths } from './tools.ts';
import { waitFor } from './wait.ts';

export interface KwokOptions {
  /** @default 1 */
  readonly nodes?: number;
  /** GPUs per node. @default 500 */
  readonly gpus?: number;
  /** Pods per node. @default 10_000 */
  readonly pods?: number;
  /** Only pods that tolerate `fake.espalier.test/node` get onto the nodes. @default false */
  readonly tainted?: boolean;
  /** `fast` for benchmarks: every pod succeeds at once; or the stages of pods. @default "scripted" */
  readonly stages?: 'scripted' | 'fast' | readonly Stage[];
  /** Stages that kwok plays at the same time. @default 16 */
  readonly parallelism?: number;
  /** It goes on when this process ends. @default false */
  readonly outlives?: boolean;
}

/** Fake nodes on a control plane. */
export interface Kwok {
  readonly nodes: readonly string[];
  readonly process: OwnProcess;
  /**
   * Changes what a fake node does with a pod that exists: `{ runFor: '0s', exitCode: 3 }` ends one
   * that runs for ever.
   */
  tell(namespace: string, pod: string, behaviour: FakeBehaviour): Promise<void>;
  /** Adds one more Ready node and returns its name. */
  addNode(): Promise<string>;
  /** SIGKILL, as when all nodes are lost at once; leases run out. */
  kill(): Promise<void>;
  /** Starts kwok again after {@link Kwok.kill}; it takes up its nodes and pods. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

interface Node extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Starts kwok and its fake nodes; resolves when they are Ready and the scheduler may use them. */
export async function startKwok(plane: ControlPlane, options: KwokOptions = {}): Promise<Kwok> {
  const { nodes: count = 1, stages = 'scripted', parallelism = 16, outlives = false } = options;
  const { kwok } = await toolPaths(['kwok']);
  const { folder, url, ca, authority } = plane;
  const kubeconfig = folder.file('kwok.kubeconfig');
  const pair = authority.issue({ commonName: 'kwok', organizations: ['system:masters'] });
  writeKubeconfig(kubeconfig, { server: url, ca, credential: { kind: 'certificate', pair } });
  const configuration = {
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokConfiguration',
    // A file replaces all defaults, so the ones that must not be 0 or false stand here too.
    options: {
      cidr: '10.0.0.1/16',
      nodeIP: '10.0.0.1',
      podPlayStageParallelism: parallelism,
      nodePlayStageParallelism: 4,
      nodeLeaseParallelism: 4,
      podsOnNodeSyncParallelism: 4,
      enablePodsOnNodeSyncStreamWatch: true,
      enableDebuggingHandlers: false,
    },
  };
  const documents = [configuration, ...FAKE_NODES, ...podStages(stages)];
  const config = folder.file('kwok.yaml');
  writeFileSync(config, documents.map((document) => `---\n${JSON.stringify(document)}\n`).join(''));

  const start = async () => {
    const process = await startProcess({
      name: 'kwok',
      command: kwok,
      args: [
        `--kubeconfig=${kubeconfig}`,
        `--config=${config}`,
        '--manage-all-nodes=false',
        `--manage-nodes-with-label-selector=${FAKE_NODE_LABEL}=true`,
        // Without a lease a node goes NotReady again and again: its heartbeat is slower than that.
        '--node-lease-duration-seconds=40',
        '--server-address=',
      ],
      cwd: folder.path,
      logFile: folder.file('kwok.log'),
      outlives,
    });
    plane.adopt(process);
    return process;
  };
  let process = await start();
  const nodes: string[] = [];

  const addNode = async (): Promise<string> => {
    const name = `fake-${nodes.length}`;
    nodes.push(name);
    await plane.client.create('/api/v1/nodes', fakeNode(name, options));
    await waitFor(
      async () => {
        const node = await plane.client.get<
          Node & { readonly spec?: { readonly taints?: object[] } }
        >(`/api/v1/nodes/${name}`);
        const ready = node.status?.conditions?.some(
          (c) => c.type === 'Ready' && c.status === 'True',
        );
        // The node controller takes a moment to lift the taint that every new node gets.
        const wanted = options.tainted === true ? 1 : 0;
        return ready === true && (node.spec?.taints?.length ?? 0) === wanted;
      },
      { what: `node ${name} is Ready`, unless: process.whyEnded },
    );
    return name;
  };
  await Promise.all(Array.from({ length: count }, addNode));

  return {
    nodes,
    get process() {
      return process;
    },
    tell: async (namespace, pod, behaviour) => {
      await plane.client.patch(`/api/v1/namespaces/${namespace}/pods/${pod}`, 'merge-patch', {
        metadata: { annotations: fakeAnnotations(behaviour) },
      });
    },
    addNode,
    kill: async () => {
      await process.kill();
    },
    restart: async () => {
      await process.kill();
      // A new kwok would first wait until the old one's leases, of 40 s, have run out.
      await Promise.all(nodes.map((name) => plane.client.request('DELETE', `${LEASES}/${name}`)));
      process = await start();
    },
    stop: async () => {
      await process.kill();
    },
  };
}

function podStages(stages: NonNullable<KwokOptions['stages']>): readonly Stage[] {
  if (stages === 'scripted') return SCRIPTED_PODS;
  return stages === 'fast' ? fastPods() : stages;
}

function fakeNode(name: string, { gpus = 500, pods = 10_000, tainted = false }: KwokOptions) {
  const capacity = {
    cpu: '10k',
    memory: '100Ti',
    pods: String(pods),
    'nvidia.com/gpu': String(gpus),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { [FAKE_NODE_LABEL]: 'true', 'kubernetes.io/hostname': name },
    },
    spec: {
      taints: tainted ? [{ key: FAKE_NODE_LABEL, value: 'true', effect: 'NoSchedule' }] : [],
    },
    status: { capacity, allocatable: capacity },
  };
}
