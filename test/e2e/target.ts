import { join, resolve } from 'node:path';
import { runningCluster } from '../kit/cluster-record.ts';
import { NODE_NAME } from '../kit/node/node-box.ts';
import { startNodeCluster } from '../kit/node/node-cluster.ts';
import { projectImages } from '../kit/node/release.ts';
import { whyNoNode } from '../kit/node/why-no-node.ts';
import { signalGroup } from '../kit/own-process.ts';
import { whyNoTools } from '../kit/tools.ts';

const CLUSTER = join(import.meta.dirname, '../../.espalier/cluster');

/** `make e2e` sets it. KUBECONFIG alone does not count: `make test` must not touch what it may name. */
const { ESPALIER_E2E_KUBECONFIG: GIVEN } = process.env;

/** The cluster that the suite works on. */
export interface Target {
  readonly kubeconfig: string;
  /** In words, for the timeline. */
  readonly what: string;
  /** Only where the kubelet is a process of ours. */
  readonly node: TargetNode | undefined;
  /** Whether it goes on after the suite, which then has to leave it as it was. */
  readonly stays: boolean;
  stop(options: { readonly failed: boolean }): Promise<void>;
}

export interface TargetNode {
  readonly name: string;
  /** SIGSTOP: its containers go on, and nobody looks after them. */
  pauseKubelet(): void;
  resumeKubelet(): void;
}

/** Why there is no cluster to work on, or false. */
export function whyNoTarget(): string | false {
  return GIVEN === undefined ? whyNoNode() : whyNoTools();
}

/** The cluster of the given kubeconfig, else one of its own with images of this checkout. */
export async function useTarget(): Promise<Target> {
  return GIVEN === undefined ? ownTarget() : givenTarget(resolve(GIVEN));
}

async function ownTarget(): Promise<Target> {
  const { plane, kubelet, stop } = await startNodeCluster({ images: projectImages });
  const node = {
    name: NODE_NAME,
    pauseKubelet: kubelet.pause,
    resumeKubelet: kubelet.resume,
  };
  return { kubeconfig: plane.kubeconfig, what: 'a node of its own', node, stays: false, stop };
}

function givenTarget(kubeconfig: string): Target {
  const ours = runningCluster(CLUSTER);
  const kubelet =
    ours?.kubeconfig === kubeconfig
      ? ours.processes.find(({ name }) => name === 'kubelet')?.pid
      : undefined;
  const node =
    kubelet === undefined
      ? undefined
      : {
          name: NODE_NAME,
          pauseKubelet: () => void signalGroup(kubelet, 'SIGSTOP'),
          resumeKubelet: () => void signalGroup(kubelet, 'SIGCONT'),
        };
  const what = node === undefined ? 'a given cluster' : "cluster-up's node";
  return { kubeconfig, what, node, stays: true, stop: async () => {} };
}
