import { GROUP, VERSION } from '@espalier/api';

/** One kind of the Kubernetes API, and how its paths are built. */
export interface Resource {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
}

export const EXPERIMENTS = ours('Experiment', 'experiments');
export const TRIALS = ours('Trial', 'trials');
export const PROFILES = ours('TrainerProfile', 'trainerprofiles');
export const PODS: Resource = { kind: 'Pod', apiVersion: 'v1', plural: 'pods' };
export const NODES: Resource = { kind: 'Node', apiVersion: 'v1', plural: 'nodes' };
export const SECRETS: Resource = { kind: 'Secret', apiVersion: 'v1', plural: 'secrets' };
export const LEASES: Resource = {
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  plural: 'leases',
};
export const EVENTS: Resource = {
  kind: 'Event',
  apiVersion: 'events.k8s.io/v1',
  plural: 'events',
};

/** All objects of the kind: in one namespace, or everywhere. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const root = resource.apiVersion.includes('/') ? '/apis' : '/api';
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${resource.apiVersion}${scope}/${resource.plural}`;
}

export function objectPath(resource: Resource, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

export function statusPath(resource: Resource, namespace: string, name: string): string {
  return `${objectPath(resource, namespace, name)}/status`;
}

function ours(kind: string, plural: string): Resource {
  return { kind, apiVersion: `${GROUP}/${VERSION}`, plural };
}
