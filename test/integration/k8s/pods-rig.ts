import { after, before } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import type { KubernetesOptions } from '../../../controller/src/kubernetes.ts';
import type { ApiClient } from '../../kit/api-client.ts';
import type { ControlPlane, ControlPlaneOptions } from '../../kit/control-plane.ts';
import type { FakeBehaviour } from '../../kit/fake-pod.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { KubeObject, Pod } from '../../kit/kube-types.ts';
import type { Kwok, KwokOptions } from '../../kit/kwok.ts';
import { useCluster } from '../../kit/suite.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  experimentEnded,
  makeNamespace,
  podsIn,
  scriptPods,
  trialsPath,
} from './objects.ts';
import { type Program, startProgram, tokenAccess } from './program.ts';

export type Script = (pod: string) => FakeBehaviour;

/** A control plane, fake nodes, a fault proxy and a controller behind it, for one suite. */
export interface Rig {
  readonly plane: ControlPlane;
  readonly kwok: Kwok;
  readonly client: ApiClient;
  readonly proxy: FaultProxy;
  program: Program;
  /** A namespace of a test's own, whose pods behave as the script says. */
  namespace(name: string, script: Script): Promise<void>;
  /** Ends the controller in order and starts another one. */
  restartProgram(): Promise<void>;
}

export function useRig(
  options: ControlPlaneOptions & {
    readonly nodes?: KwokOptions;
    readonly controller?: Partial<KubernetesOptions>;
  },
): Rig {
  const { controller = {}, ...clusterOptions } = options;
  const cluster = useCluster(clusterOptions);
  const scripts = new Map<string, Script>();
  let proxy: FaultProxy;
  let program: Program;

  const start = async () => {
    program = startProgram(tokenAccess(cluster.plane, proxy.url), controller);
    await program.controller.ready;
  };
  before(async () => {
    await applyCrds(cluster.plane);
    proxy = await startKubeProxy(cluster.plane, {
      rules: [scriptPods((pod, namespace) => scripts.get(namespace)?.(pod) ?? {})],
    });
    await start();
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
  });

  return {
    get plane() {
      return cluster.plane;
    },
    get kwok() {
      return cluster.kwok;
    },
    get client() {
      return cluster.plane.client;
    },
    get proxy() {
      return proxy;
    },
    get program() {
      return program;
    },
    namespace: async (name, script) => {
      scripts.set(name, script);
      await makeNamespace(cluster.plane.client, name);
    },
    restartProgram: async () => {
      await program.stop();
      await start();
    },
  };
}

/** The index of the Trial, and the attempt, that a pod's name tells. */
export function placeOf(pod: string): { readonly index: number; readonly attempt: number } {
  const [, index, attempt] = /-(\d{5})-a(\d+)$/.exec(pod) ?? [];
  return { index: Number(index), attempt: Number(attempt) };
}

export async function trialAt(client: ApiClient, namespace: string, name: string): Promise<Trial> {
  return (await client.get(trialsPath(namespace, name))) as unknown as Trial;
}

/** Resolves with the Trial once `holds` is true of it. */
export function trialUntil(
  client: ApiClient,
  namespace: string,
  name: string,
  holds: (trial: Trial) => boolean,
  what: string,
  timeoutMs = 30_000,
): Promise<Trial> {
  return waitFor(
    async () => {
      const trial = await trialAt(client, namespace, name);
      return holds(trial) && trial;
    },
    { what: `trial ${namespace}/${name} ${what}`, timeoutMs },
  );
}

/** The pods that really came to be in a namespace, by name, in order, with how often. */
export function podCreations(proxy: FaultProxy, namespace: string): ReadonlyMap<string, number> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const counts = new Map<string, number>();
  for (const write of proxy.writes) {
    if (write.method !== 'POST' || write.path !== path || write.serverStatus !== 201) continue;
    const { name = '' } = (JSON.parse(write.body) as KubeObject).metadata;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Resolves with the pod once it runs on its fake node. */
export function podRuns(client: ApiClient, namespace: string, name: string): Promise<Pod> {
  return waitFor(
    async () => {
      const pod = await client.get<Pod>(`/api/v1/namespaces/${namespace}/pods/${name}`);
      return pod.status?.phase === 'Running' && pod;
    },
    { what: `pod ${namespace}/${name} runs` },
  );
}

/** The names of the pods that run in a namespace. */
export async function runningPods(client: ApiClient, namespace: string): Promise<string[]> {
  const { items } = await podsIn(client, namespace);
  return items
    .filter(({ status }) => status?.phase === 'Running')
    .map(({ metadata }) => metadata.name ?? '');
}

/** Ends the pods of Experiment `e` that run for ever, one after the other, until it has ended. */
export async function endAll({ client, kwok }: Rig, namespace: string): Promise<Experiment> {
  return waitFor(
    async () => {
      for (const name of await runningPods(client, namespace)) {
        await kwok.tell(namespace, name, { runFor: '0s' });
      }
      return experimentEnded(client, namespace, 'e', 50);
    },
    { what: `the experiment in ${namespace} has ended`, timeoutMs: 60_000 },
  );
}

/** What the controller told people about an object: `Type Reason: message`. */
export async function eventsOf(
  client: ApiClient,
  namespace: string,
  name: string,
): Promise<readonly string[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const { items } = (await client.list(path)) as unknown as {
    items: { regarding: { name: string }; type: string; reason: string; note: string }[];
  };
  return items
    .filter(({ regarding }) => regarding.name === name)
    .map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
}
