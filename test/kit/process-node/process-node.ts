import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import type { ControlPlane } from '../control-plane.ts';
import { makeStateFolder } from '../state-folder.ts';
import { createGate, waitFor } from '../wait.ts';
import type { Container, ProcessImage } from './container.ts';
import { startLogServer } from './log-server.ts';
import { beat, registerNode, reportReady } from './node-object.ts';
import type { OnVolume } from './pod-files.ts';
import type { RunnablePod } from './pod-spec.ts';
import { ProcessPod } from './process-pod.ts';

export interface ProcessNodeOptions {
  /** What runs in place of each image; a pod with another one never starts. */
  readonly images: Readonly<Record<string, ProcessImage>>;
  /** The folders of persistent volume claims. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly onVolume?: OnVolume | undefined;
  /** @default "process-0" */
  readonly name?: string;
  /** @default 100 */
  readonly gpus?: number;
  /** @default 200 */
  readonly pods?: number;
}

/** A node whose pods run as processes of this machine. */
export interface ProcessNode {
  readonly name: string;
  /** How many containers run now. */
  readonly running: number;
  /** A container of a pod that was here, also after its end; the latest of that name. */
  container(namespace: string, pod: string, container?: string): Container;
  /** Where a path of a container lies on this machine; files stay until the node is stopped. */
  path(namespace: string, pod: string, path: string, container?: string): string;
  /** The node is cut off: no heartbeat, no status, and it hears of nothing. Its processes go on. */
  lose(): void;
  /** It is back, with whatever happened meanwhile. */
  recover(): Promise<void>;
  /** Kills every process and removes all files; a failed test keeps the containers' logs. */
  stop(options?: { readonly failed?: boolean }): Promise<void>;
}

const HEARTBEAT_MS = 1_000;
const RELIST_MS = 200;
const TRAINER = 'trainer';

/**
 * Starts a stand-in for a kubelet and registers its node; resolves when pods may come.
 *
 * It takes pods from the real scheduler and does what the kubelet does with volumes, init containers,
 * sidecars, signals, exit codes and deletion. There are no limits, no namespaces and no probes but a startup command: paths
 * of a container are mapped to folders wherever they stand in its variables and arguments.
 */
export async function startProcessNode(
  plane: ControlPlane,
  options: ProcessNodeOptions,
): Promise<ProcessNode> {
  const {
    name = 'process-0',
    gpus = 100,
    pods: podLimit = 200,
    images,
    claims = {},
    onVolume,
  } = options;
  const { client, authority } = plane;
  const folder = makeStateFolder('node');
  const stop = new AbortController();
  const touch = createGate('open');
  const pods = new Map<string, ProcessPod>();
  const host = { client, images, claims, onVolume, inTouch: () => touch.pass(stop.signal) };

  const podOf = (namespace: string, pod: string): ProcessPod => {
    const found = [...pods.values()].findLast((p) => p.namespace === namespace && p.name === pod);
    if (found === undefined) throw new Error(`pod ${namespace}/${pod} was never on ${name}`);
    return found;
  };
  const containerOf = (namespace: string, pod: string, container = TRAINER): Container => {
    const found = podOf(namespace, pod).containers.find(({ spec }) => spec.name === container);
    if (found === undefined) throw new Error(`pod ${namespace}/${pod} has no ${container}`);
    return found;
  };
  const logs = await startLogServer(
    authority.issue({ commonName: name, hosts: ['127.0.0.1'] }),
    (namespace, pod, container) => {
      const known = [...pods.values()].some((p) => p.namespace === namespace && p.name === pod);
      return known ? containerOf(namespace, pod, container).logFile : undefined;
    },
  );
  await registerNode(client, { name, gpus, pods: podLimit, port: logs.port });

  const see = (pod: RunnablePod): void => {
    const uid = pod.metadata.uid ?? '';
    const known = pods.get(uid);
    if (known !== undefined) known.seen(pod);
    else if (!isOver(pod)) pods.set(uid, new ProcessPod(pod, folder.path, host));
  };
  const beating = whileRunning(stop.signal, HEARTBEAT_MS, async () => {
    await host.inTouch();
    await beat(client, name);
  });
  const watching = whileRunning(stop.signal, RELIST_MS, () =>
    followPods(client, name, {
      signal: stop.signal,
      inTouch: host.inTouch,
      onList: (listed) => {
        const there = new Set(listed.map(({ metadata }) => metadata.uid));
        for (const [uid, pod] of pods) if (!there.has(uid)) pod.gone();
        for (const pod of listed) see(pod);
      },
      onPod: see,
      onGone: ({ metadata }) => pods.get(metadata.uid ?? '')?.gone(),
    }),
  );
  const containers = () => [...pods.values()].flatMap((pod) => pod.containers);

  return {
    name,
    get running() {
      return containers().filter(({ isRunning }) => isRunning).length;
    },
    container: containerOf,
    path: (namespace, pod, path, container) => containerOf(namespace, pod, container).paths(path),
    lose: () => touch.close(),
    recover: async () => {
      touch.open();
      await reportReady(client, name);
    },
    stop: async ({ failed = false } = {}) => {
      for (const pod of pods.values()) pod.abandon();
      stop.abort();
      await Promise.all([beating, watching]);
      await waitFor(() => containers().every(({ isRunning }) => !isRunning), {
        what: `nothing runs on ${name}`,
      });
      await logs.close();
      folder.remove({ keepLogs: failed });
    },
  };
}

function isOver({ status }: RunnablePod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Repeats until the signal aborts; a failure only means that the API server is away. */
async function whileRunning(
  signal: AbortSignal,
  everyMs: number,
  act: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await act().catch(() => {});
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}

interface Follower {
  readonly signal: AbortSignal;
  readonly inTouch: () => Promise<void>;
  readonly onList: (pods: readonly RunnablePod[]) => void;
  readonly onPod: (pod: RunnablePod) => void;
  readonly onGone: (pod: RunnablePod) => void;
}

/** Lists the node's pods and follows them until the watch ends. */
async function followPods(client: ApiClient, node: string, follower: Follower): Promise<void> {
  const { signal, inTouch, onList, onPod, onGone } = follower;
  await inTouch();
  const path = `/api/v1/pods?fieldSelector=spec.nodeName=${node}`;
  const { items, metadata } = await client.list<RunnablePod>(path);
  onList(items);
  const from = `&watch=true&resourceVersion=${metadata.resourceVersion}`;
  for await (const { type, object } of client.watch<RunnablePod>(`${path}${from}`, signal)) {
    await inTouch();
    if (type === 'ERROR') return;
    if (type === 'DELETED') onGone(object);
    else onPod(object);
  }
}
