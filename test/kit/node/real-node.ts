import type { ControlPlane } from '../control-plane.ts';
import type { OwnProcess } from '../own-process.ts';
import type { StateFolder } from '../state-folder.ts';
import { toolPaths } from '../tools.ts';
import { startClusterDns } from './cluster-dns.ts';
import type { Containerd } from './containerd.ts';
import { startKubeProxy } from './kube-proxy.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import type { NodeBox } from './node-box.ts';

/** The programs that a node needs, besides those of Debian. */
export const NODE_TOOLS = ['kubelet', 'kube-proxy', 'coredns'] as const;

/** A node that runs pods. */
export interface RealNode {
  readonly kubelet: Kubelet;
  readonly processes: readonly OwnProcess[];
}

export interface RealNodeOptions {
  readonly plane: ControlPlane;
  readonly box: NodeBox;
  readonly containerd: Containerd;
  readonly folder: StateFolder;
  readonly gpus: number;
}

/** Joins the box to the control plane as a node; resolves when pods can be scheduled to it. */
export async function startRealNode(options: RealNodeOptions): Promise<RealNode> {
  const { plane, box, folder, containerd, gpus } = options;
  const tools = await toolPaths(NODE_TOOLS);
  const parts = { plane, box, folder };
  const [kubelet, proxy, dns] = await Promise.all([
    startKubelet({ ...parts, gpus, command: tools.kubelet }),
    startKubeProxy({ ...parts, command: tools['kube-proxy'] }),
    startClusterDns({ ...parts, command: tools.coredns }),
  ]);
  return {
    kubelet,
    get processes() {
      return [box.process, containerd.process, kubelet.process, proxy, dns];
    },
  };
}
