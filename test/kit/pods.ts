import type { ApiClient } from './api-client.ts';
import { type FakeBehaviour, fakeAnnotations } from './fake-pod.ts';
import type { Pod } from './kube-types.ts';
import { waitFor } from './wait.ts';

export interface PodOptions {
  /** @default "default" */
  readonly namespace?: string;
  readonly behaviour?: FakeBehaviour;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** @default 1 */
  readonly gpus?: number;
}

/** The path of the pods of a namespace, or of one of them. */
export function podPath(namespace: string, name?: string): string {
  return `/api/v1/namespaces/${namespace}/pods${name === undefined ? '' : `/${name}`}`;
}

/** A bare pod with one container that fits every fake node. */
export function podBody(name: string, options: PodOptions = {}) {
  const { namespace = 'default', behaviour = {}, finalizers = [], labels = {}, gpus = 1 } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, finalizers, annotations: fakeAnnotations(behaviour) },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'main',
          image: 'localhost/fake:1',
          resources: gpus === 0 ? {} : { limits: { 'nvidia.com/gpu': String(gpus) } },
        },
      ],
    },
  };
}

/** Creates a bare pod. */
export function createPod(client: ApiClient, name: string, options: PodOptions = {}): Promise<Pod> {
  return client.create<Pod>(podPath(options.namespace ?? 'default'), podBody(name, options));
}

/** Resolves with the pod once it is in one of the phases. */
export function podInPhase(
  client: ApiClient,
  name: string,
  phases: readonly string[],
  namespace = 'default',
): Promise<Pod> {
  return waitFor(
    async () => {
      const pod = await client.get<Pod>(podPath(namespace, name));
      return phases.includes(pod.status?.phase ?? '') && pod;
    },
    { what: `pod ${name} is ${phases.join(' or ')}` },
  );
}

/** Resolves with the pod once it has ended. */
export function podEnded(client: ApiClient, name: string, namespace = 'default'): Promise<Pod> {
  return podInPhase(client, name, ['Succeeded', 'Failed'], namespace);
}
