import type { Experiment, ExperimentSpec, Trial } from '@espalier/api';
import type { ApiClient } from '../../kit/api-client.ts';
import type { ControlPlane } from '../../kit/control-plane.ts';
import { untilCrdsServed } from '../../kit/crds.ts';
import { type FakeBehaviour, fakeAnnotations } from '../../kit/fake-pod.ts';
import type { FaultRule } from '../../kit/fault-rules.ts';
import type { KubeList, KubeObject, Pod } from '../../kit/kube-types.ts';
import { waitFor } from '../../kit/wait.ts';

const API = '/apis/espalier.dev/v1alpha1';

export function experimentsPath(namespace: string, name?: string): string {
  return `${API}/namespaces/${namespace}/experiments${name === undefined ? '' : `/${name}`}`;
}

export function trialsPath(namespace: string, name?: string): string {
  return `${API}/namespaces/${namespace}/trials${name === undefined ? '' : `/${name}`}`;
}

/** Installs the CRDs as a user would, and waits until the API server serves them. */
export async function applyCrds(plane: ControlPlane): Promise<void> {
  await plane.kubectl(['apply', '--server-side', '-f', 'manifests/crd']);
  await untilCrdsServed(plane.client);
  await waitFor(() => plane.client.list(trialsPath('default')), { what: 'trials are served' });
}

export async function makeNamespace(client: ApiClient, name: string): Promise<void> {
  await client.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  // Pods need the namespace's default service account.
  await waitFor(() => client.get(`/api/v1/namespaces/${name}/serviceaccounts/default`), {
    what: `namespace ${name} can hold pods`,
  });
}

type Loose<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> }
    : T;

/** What a user would write: random search over one rate, `max` trials. */
export function experimentBody(
  namespace: string,
  name: string,
  spec: Loose<ExperimentSpec> = {},
): object {
  return {
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name, namespace },
    spec: {
      objective: { metric: 'acc', goal: 'maximize' },
      parameters: [{ name: 'lr', float: { min: 0.001, max: 0.1, scale: 'log' } }],
      ...spec,
    },
  };
}

export function createExperiment(
  client: ApiClient,
  namespace: string,
  name: string,
  spec: Loose<ExperimentSpec> = {},
): Promise<KubeObject> {
  return client.create(experimentsPath(namespace), experimentBody(namespace, name, spec));
}

export function experimentEnded(
  client: ApiClient,
  namespace: string,
  name: string,
  timeoutMs = 60_000,
): Promise<Experiment> {
  return waitFor(
    async () => {
      const found = (await client.get(experimentsPath(namespace, name))) as unknown as Experiment;
      const phase = found.status?.phase ?? '';
      return ['Succeeded', 'Failed', 'Cancelled'].includes(phase) && found;
    },
    { what: `experiment ${name} has ended`, timeoutMs },
  );
}

export async function trialsIn(client: ApiClient, namespace: string): Promise<readonly Trial[]> {
  const list = (await client.list(trialsPath(namespace))) as unknown as { items: Trial[] };
  return list.items;
}

export function podsIn(client: ApiClient, namespace: string): Promise<KubeList<Pod>> {
  return client.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);
}

/** The termination message of a trainer that reported this value last. */
export function lastWords(value: number, metric = 'acc', others: object = {}): string {
  const values = { [metric]: value, ...others };
  return JSON.stringify({ seq: 4, step: 40, epoch: 5, values, time: 1 });
}

interface PodBody {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: object;
  };
}

/** Makes fake nodes do with each pod that is created what `behave` says of its name and namespace. */
export function scriptPods(behave: (pod: string, namespace: string) => FakeBehaviour): FaultRule {
  return {
    name: 'script-pods',
    match: { methods: ['POST'], path: /\/pods$/ },
    fault: {
      kind: 'rewrite',
      request: (body) => {
        const pod = JSON.parse(body) as PodBody;
        const annotations = {
          ...pod.metadata.annotations,
          ...fakeAnnotations(behave(pod.metadata.name, pod.metadata.namespace)),
        };
        return JSON.stringify({ ...pod, metadata: { ...pod.metadata, annotations } });
      },
    },
  };
}

/**
 * Waits until admission refuses a pod there. A quota or a policy that can be read back is not yet in
 * force: admission follows them by a watch of its own.
 */
export async function untilPodsRefused(client: ApiClient, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe' },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  };
  await waitFor(async () => (await client.request('POST', path, { body })).status >= 400, {
    what: `pods are refused in ${namespace}`,
  });
}
