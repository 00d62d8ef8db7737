import { join, resolve } from 'node:path';
import { type ClusterRecord, runningCluster } from '../kit/cluster-record.ts';
import { NODE_NAME } from '../kit/node/node-box.ts';
import { type NodeCluster, startNodeCluster } from '../kit/node/node-cluster.ts';
import { projectImages } from '../kit/node/release.ts';
import { whyNoNode } from '../kit/node/why-no-node.ts';
import { signalGroup, tailOf } from '../kit/own-process.ts';
import { whyNoTools } from '../kit/tools.ts';
import { makeSecondVersion, type SecondVersion } from './second-version.ts';

const CLUSTER = join(import.meta.dirname, '../../.espalier/cluster');

/** The cluster that the suite works on. */
export interface Target {
  readonly kubeconfig: string;
  /** In words, for the timeline. */
  readonly what: string;
  /** Only where the kubelet is a process of ours. */
  readonly node: TargetNode | undefined;
  /** The chart of the next version; its controller's image is there only where the node is ours alone. */
  readonly next: SecondVersion | undefined;
  /** All of it, only where this process started it. */
  readonly own: NodeCluster | undefined;
  /** Whether it goes on after the suite, which then has to leave it as it was. */
  readonly stays: boolean;
  stop(options: { readonly failed: boolean }): Promise<void>;
}

export interface TargetNode {
  readonly name: string;
  /** SIGSTOP: its containers go on, and nobody looks after them. */
  pauseKubelet(): void;
  resumeKubelet(): void;
  /** The last lines of its log. */
  kubeletLog(lines: number): string;
}

/** Why there is no cluster to work on, or false. */
export function whyNoTarget(): string | false {
  return givenKubeconfig() === undefined ? whyNoNode() : whyNoTools();
}

/**
 * The cluster that is given, else one of its own with images of this checkout.
 *
 * @param upgrades whether one of its own shall have the next version, too.
 */
export async function useTarget(upgrades: boolean): Promise<Target> {
  const kubeconfig = givenKubeconfig();
  return kubeconfig === undefined ? ownTarget(upgrades) : givenTarget(resolve(kubeconfig));
}

/**
 * With `make e2e` KUBECONFIG, else that of a cluster-up with a real node. Without it none: `make test` must not
 * touch what KUBECONFIG may happen to name, and nothing here touches what ~/.kube/config names.
 */
function givenKubeconfig(): string | undefined {
  const { ESPALIER_E2E, KUBECONFIG = '' } = process.env;
  if (ESPALIER_E2E !== '1') return undefined;
  if (KUBECONFIG !== '') return KUBECONFIG;
  const ours = runningCluster(CLUSTER);
  return ours?.node === undefined ? undefined : ours.kubeconfig;
}

async function ownTarget(upgrades: boolean): Promise<Target> {
  const next = upgrades ? makeSecondVersion() : undefined;
  const images = async () => [
    ...(await projectImages()),
    ...(next === undefined ? [] : [await next.image()]),
  ];
  try {
    const own = await startNodeCluster({ images });
    const { plane, kubelet, stop } = own;
    const { pause, resume } = kubelet;
    const kubeletLog = (lines: number) => kubelet.process.tail(lines);
    return {
      kubeconfig: plane.kubeconfig,
      what: 'a node of its own',
      node: { name: NODE_NAME, pauseKubelet: pause, resumeKubelet: resume, kubeletLog },
      next,
      own,
      stays: false,
      stop: (options) => stop(options).finally(() => next?.remove()),
    };
  } catch (error) {
    next?.remove();
    throw error;
  }
}

function givenTarget(kubeconfig: string): Target {
  const ours = runningCluster(CLUSTER);
  const node = ours?.kubeconfig === kubeconfig ? nodeOf(ours) : undefined;
  const what = node === undefined ? 'a given cluster' : "cluster-up's node";
  return {
    kubeconfig,
    what,
    node,
    next: undefined,
    own: undefined,
    stays: true,
    stop: async () => {},
  };
}

function nodeOf({ processes, folders }: ClusterRecord): TargetNode | undefined {
  const pid = processes.find(({ name }) => name === 'kubelet')?.pid;
  if (pid === undefined) return undefined;
  const send = (signal: NodeJS.Signals) => () => void signalGroup(pid, signal);
  return {
    name: NODE_NAME,
    pauseKubelet: send('SIGSTOP'),
    resumeKubelet: send('SIGCONT'),
    kubeletLog: (lines) =>
      folders.map((folder) => tailOf(join(folder, 'kubelet.log'), lines)).join(''),
  };
}
