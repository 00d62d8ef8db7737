import { setTimeout as sleep } from 'node:timers/promises';
import { isNotFound } from '../adapters/k8s/api-error.ts';
import { listObjects } from '../adapters/k8s/list-objects.ts';
import type { RawObject } from '../adapters/k8s/raw-object.ts';
import { objectPath, PODS, type Resource } from '../adapters/k8s/resources.ts';
import type { Call } from '../ports/cluster.ts';
import type { OneTimeClient } from './one-time-client.ts';

const DEPLOYMENTS: Resource = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  plural: 'deployments',
};
const PAUSE_MS = 500;
/** More than the grace period of its pods. */
const WAIT_MS = 60_000;

interface Scale extends RawObject {
  readonly status?: { readonly selector?: string };
}

/**
 * Scales the Deployment to nothing and resolves once none of its pods is left, so that nobody makes its
 * Lease anew or puts a finalizer back; also after a minute, for a lost node holds its pods for ever, and
 * if there is no such Deployment.
 *
 * @returns how many pods are left.
 */
export async function stopController(
  own: OneTimeClient,
  name: string,
  call: Call,
): Promise<number> {
  const { namespace } = own;
  const request = {
    method: 'PATCH',
    path: `${objectPath(DEPLOYMENTS, namespace, name)}/scale`,
    body: { spec: { replicas: 0 } },
    contentType: 'application/merge-patch+json',
    resource: 'deployments/scale',
  } as const;
  let labelSelector: string | undefined;
  try {
    labelSelector = (await own.transport.request<Scale>(request, call)).status?.selector;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw error;
  }
  if (labelSelector === undefined) throw new Error(`the Deployment ${name} selects no pods`);
  const untilMs = performance.now() + WAIT_MS;
  for (; ; await sleep(PAUSE_MS)) {
    let left = 0;
    for await (const _ of listObjects(own.transport, PODS, { namespace, labelSelector }, call))
      left += 1;
    if (left === 0 || performance.now() > untilMs) return left;
  }
}
