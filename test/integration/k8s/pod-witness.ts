import type { ApiClient } from '../../kit/api-client.ts';
import type { Pod } from '../../kit/kube-types.ts';
import { podPath } from '../../kit/pods.ts';

/**
 * Sees every state that the pods of a namespace pass through, in the order of etcd, and judges G1 and
 * G14 by it. A pod is live until it is Succeeded, Failed or gone; Terminating is live.
 */
export interface PodWitness {
  /** The newest state of each pod that exists. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** Names of all pods that ever were, in the order of creation. */
  readonly created: readonly string[];
  /** For each created pod, how many of its Experiment were live then, itself included. */
  readonly liveAtCreation: ReadonlyMap<string, number>;
  /** How many of an Experiment's pods were live at once, at most. */
  peak(experiment: string): number;
  /** Names that were given to a pod more than once: an attempt that ran twice. */
  twice(): string[];
  /** Moments at which a trial had more than one live pod. */
  readonly overlaps: readonly string[];
  isRunning(name: string): boolean;
  close(): Promise<void>;
}

const trialOf = (pod: string): string => pod.replace(/-a\d+$/, '');
const experimentOf = (pod: string): string => pod.replace(/-\d{5}-a\d+$/, '');

/** Watches from the beginning of a namespace. */
export function watchPods(client: ApiClient, namespace: string): PodWitness {
  const stop = new AbortController();
  const pods = new Map<string, Pod>();
  const live = new Set<string>();
  const created: string[] = [];
  const uids = new Set<string>();
  const overlaps: string[] = [];
  const liveAtCreation = new Map<string, number>();
  const peaks = new Map<string, number>();

  const look = async (): Promise<void> => {
    // Without a resourceVersion a watch begins with what is there, which is nothing yet.
    const path = `${podPath(namespace)}?watch=true`;
    for await (const { type, object } of client.watch<Pod>(path, stop.signal)) {
      const { name = '', uid = '' } = object.metadata;
      if (type === 'DELETED') pods.delete(name);
      else pods.set(name, object);
      const isNew = !uids.has(uid);
      if (isNew) {
        uids.add(uid);
        created.push(name);
      }
      if (type === 'DELETED' || isOver(object)) live.delete(name);
      else live.add(name);
      for (const other of live) {
        if (other !== name && trialOf(other) === trialOf(name) && live.has(name)) {
          overlaps.push(`${other} and ${name}`);
        }
      }
      const experiment = experimentOf(name);
      const count = [...live].filter((one) => experimentOf(one) === experiment).length;
      if (isNew) liveAtCreation.set(name, count);
      peaks.set(experiment, Math.max(peaks.get(experiment) ?? 0, count));
    }
  };
  const done = look().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  done.catch(() => {});

  return {
    pods,
    created,
    liveAtCreation,
    peak: (experiment) => peaks.get(experiment) ?? 0,
    twice: () => created.filter((name, at) => created.indexOf(name) !== at),
    overlaps,
    isRunning: (name) => {
      const pod = pods.get(name);
      return pod?.status?.phase === 'Running' && !('deletionTimestamp' in pod.metadata);
    },
    close: () => {
      stop.abort();
      return done;
    },
  };
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
