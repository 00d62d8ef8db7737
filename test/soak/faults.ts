import { TEAM } from '../e2e/experiments.ts';
import { evict } from '../e2e/faults.ts';
import type { Kubernetes } from '../e2e/kubernetes.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import type { Pod } from '../kit/kube-types.ts';
import type { NodeCluster } from '../kit/node/node-cluster.ts';
import { waitFor } from '../kit/wait.ts';
import type { Fault } from './schedule.ts';

/** A server that was killed several times comes back later and later; a trainer comes with the next trial. */
const VICTIM_MS = 5 * 60_000;

export interface FaultTarget {
  readonly kubernetes: Kubernetes;
  readonly own: NodeCluster;
  /** Whether a pod is one of the trainers. */
  isTrainer(pod: Pod): boolean;
}

/** Does what the fault says as soon as there is a victim; resolves with what was hit, in words. */
export async function inject(
  target: FaultTarget,
  fault: Fault,
  signal: AbortSignal,
): Promise<string> {
  const { victim, way } = fault;
  if (victim === 'kubelet') {
    await target.own.kubelet.restart();
    return 'kubelet killed and started again';
  }
  // Whoever is found may end by itself before it is hit: then it was another one's turn.
  return waitFor(() => (victim === 'trainer' ? hitTrainer(target, fault) : hit(target, fault)), {
    what: `there is a ${victim} to ${way}`,
    timeoutMs: VICTIM_MS,
    maxPauseMs: 500,
    signal,
  });
}

async function hit({ kubernetes, own }: FaultTarget, fault: Fault): Promise<string | undefined> {
  const { victim, way, choice } = fault;
  const selector = `--selector=app.kubernetes.io/component=${victim}`;
  const pods = await kubernetes.list<Pod>('pods', '--namespace', NAMESPACE, selector);
  const [name, container] = choose(pods, victim, choice) ?? [];
  if (name === undefined || container === undefined) return undefined;
  await own.containerd.killContainer(container);
  if (way === 'kill') return `${name} killed`;
  await kubernetes.kubectl(['delete', 'pod', '--namespace', NAMESPACE, '--wait=false', name]);
  return `${name} killed and deleted`;
}

async function hitTrainer(target: FaultTarget, fault: Fault): Promise<string | undefined> {
  const { kubernetes, own, isTrainer } = target;
  const pods = await kubernetes.list<Pod>('pods', '--namespace', TEAM);
  const [name, container] = choose(pods.filter(isTrainer), 'trainer', fault.choice) ?? [];
  if (name === undefined || container === undefined) return undefined;
  if (fault.way === 'kill') {
    await own.containerd.killContainer(container);
    return `${name} killed`;
  }
  await evict(kubernetes, name);
  return `${name} evicted`;
}

/** The name of a pod and the id of its container that runs. */
function choose(
  pods: readonly Pod[],
  container: string,
  choice: number,
): [string, string] | undefined {
  const running = pods.flatMap(({ metadata, status }): [string, string][] => {
    if (metadata.deletionTimestamp !== undefined) return [];
    const found = status?.containerStatuses?.find(({ name }) => name === container);
    return found?.state?.running === undefined || found.containerID === undefined
      ? []
      : [[metadata.name ?? '', found.containerID]];
  });
  return running[Math.floor(choice * running.length)];
}
