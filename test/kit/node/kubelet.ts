import { writeFileSync } from 'node:fs';
import type { ControlPlane } from '../control-plane.ts';
import type { Condition, KubeObject } from '../kube-types.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { type OwnProcess, signalGroup } from '../own-process.ts';
import type { StateFolder } from '../state-folder.ts';
import { waitFor } from '../wait.ts';
import { CONTAINERD_SOCKET } from './containerd.ts';
import { NODE_NAME, type NodeBox } from './node-box.ts';

export interface Kubelet {
  /** The process that runs now. */
  readonly process: OwnProcess;
  /** SIGSTOP, as when a machine hangs: containers go on, and the node becomes NotReady. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Kills it and starts it again; resolves when the node is Ready with its GPUs. */
  restart(): Promise<void>;
}

export interface KubeletOptions {
  readonly plane: ControlPlane;
  readonly box: NodeBox;
  readonly folder: StateFolder;
  readonly command: string;
  /** GPUs that the node claims to have. */
  readonly gpus: number;
}

interface Node extends KubeObject {
  readonly spec?: { readonly taints?: readonly object[] };
  readonly status?: {
    readonly conditions?: readonly (Condition & { readonly lastHeartbeatTime: string })[];
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

const NODE = `/api/v1/nodes/${NODE_NAME}`;
const GPU = 'nvidia.com/gpu';

/** Starts a kubelet in the box; resolves when its node is Ready and has its GPUs. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { plane, box, folder, command, gpus } = options;
  const kubeconfig = folder.file('kubelet.kubeconfig');
  const pair = plane.authority.issue({
    commonName: `system:node:${NODE_NAME}`,
    organizations: ['system:nodes'],
  });
  const credential = { kind: 'certificate', pair } as const;
  writeKubeconfig(kubeconfig, { server: plane.url, ca: plane.ca, credential });
  writeFileSync(folder.file('resolv.conf'), '');
  const config = folder.file('kubelet.json');
  writeFileSync(config, JSON.stringify(kubeletConfig(options), undefined, 2));
  const start = () =>
    box.start({
      name: 'kubelet',
      command,
      args: [
        `--config=${config}`,
        `--kubeconfig=${kubeconfig}`,
        `--hostname-override=${NODE_NAME}`,
        `--node-ip=${box.network.node}`,
      ],
      logFile: folder.file('kubelet.log'),
    });
  let process = await start();
  /** Until it has itself said that it is Ready, since an instant (ms since the epoch). */
  const untilReady = (sinceMs = 0) =>
    waitFor(async () => (await isReady(plane, sinceMs)) && claimGpus(plane, gpus), {
      what: `the node is Ready and has ${gpus} GPUs`,
      timeoutMs: 120_000,
      unless: process.whyEnded,
    });
  await untilReady();
  return {
    get process() {
      return process;
    },
    pause: () => process.pause(),
    resume: () => process.resume(),
    restart: async () => {
      const { pid } = process;
      await process.kill();
      // What entered the box has ended; the kubelet itself may take a moment to give its port back.
      await waitFor(() => !signalGroup(pid, 0), { what: 'the killed kubelet is gone' });
      const killedMs = Date.now();
      process = await start();
      await untilReady(killedMs);
    },
  };
}

async function isReady(plane: ControlPlane, sinceMs: number): Promise<boolean> {
  const { status, spec } = await plane.client.get<Node>(NODE);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return (
    ready?.status === 'True' &&
    Date.parse(ready.lastHeartbeatTime) > sinceMs && // of whole seconds, so this errs on the late side
    (spec?.taints?.length ?? 0) === 0
  );
}

/** True once the scheduler can count on them. A kubelet that starts sets what no plugin offers to 0. */
async function claimGpus(plane: ControlPlane, gpus: number): Promise<boolean> {
  const { status } = await plane.client.get<Node>(NODE);
  if (status?.allocatable?.[GPU] === String(gpus)) return true;
  const path = `/${GPU.replace('/', '~1')}`;
  await plane.client.patch(`${NODE}/status`, 'json-patch', [
    { op: 'add', path: `/status/capacity${path}`, value: String(gpus) },
    { op: 'add', path: `/status/allocatable${path}`, value: String(gpus) },
  ]);
  return false;
}

function kubeletConfig({ plane, box, folder }: KubeletOptions): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: box.network.node,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: plane.folder.file('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${box.network.name}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    // Only a machine that is really full evicts: others use this disk and this memory too.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
    },
    imageGCHighThresholdPercent: 100,
    clusterDNS: [box.network.node],
    clusterDomain: 'cluster.local',
    resolvConf: folder.file('resolv.conf'),
    volumePluginDir: '/var/lib/kubelet/plugins',
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: '5s',
  };
}
