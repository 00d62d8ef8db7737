import { GROUP, type TrainerProfile, trainerProfileSchema, VERSION } from '@espalier/api';
import type { Call } from '../../ports/cluster.ts';
import type { ObjectKey } from '../../ports/key.ts';
import { isForbidden, isNotFound } from './api-error.ts';
import { allObjects, type Where } from './list-objects.ts';
import type { RawObject } from './raw-object.ts';
import { type Quota, quotaOf } from './resource-quota.ts';
import { LEASES, NODES, objectPath, PODS, PROFILES, type Resource } from './resources.ts';
import type { Transport } from './transport.ts';
import { failureToAsk } from './user-failure.ts';

/** A right that a person may have. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace: string;
}

/** Properties of an object, as far as a server or a program knows them. */
export interface FieldTree {
  readonly properties?: Readonly<Record<string, FieldTree>>;
  readonly items?: FieldTree;
}

export interface ControllerLease {
  readonly namespace: string;
  readonly name: string;
  readonly holder: string;
  readonly renewedMs: number;
  readonly durationMs: number;
}

export interface NodeGpus {
  readonly node: string;
  readonly total: number;
  readonly used: number;
}

/** What only somebody with more rights may see. */
export type Hidden = 'hidden';

const DEPLOYMENTS: Resource = { kind: 'Deployment', apiVersion: 'apps/v1', plural: 'deployments' };
const QUOTAS: Resource = { kind: 'ResourceQuota', apiVersion: 'v1', plural: 'resourcequotas' };
const GPU = /^[a-z0-9.-]+\/gpu$/;
const SECOND_MS = 1000;

/** Looks at a cluster with the rights of a kubeconfig, to tell what keeps an Experiment from running. */
export class ClusterProbe {
  readonly #transport: Transport;
  readonly #server: string;
  readonly #date: () => { readonly serverMs: number; readonly ownMs: number } | undefined;

  /**
   * @param server For messages.
   * @param date What the last answer's Date header said, and our own time then.
   */
  constructor(
    transport: Transport,
    server: string,
    date: () => { readonly serverMs: number; readonly ownMs: number } | undefined,
  ) {
    this.#transport = transport;
    this.#server = server;
    this.#date = date;
  }

  /** For messages. */
  get server(): string {
    return this.#server;
  }

  /** Of Kubernetes, such as `v1.34.4`. */
  async version(call: Call): Promise<string> {
    try {
      const { gitVersion } = await this.#get<{ gitVersion?: unknown }>('/version', call);
      return String(gitVersion ?? 'unknown');
    } catch (error) {
      call.signal.throwIfAborted();
      throw failureToAsk('ask for the version of', this.#server, error);
    }
  }

  /** How far our clock is ahead of the server's, in whole seconds; undefined before any answer. */
  clockAheadMs(): number | undefined {
    const date = this.#date();
    if (date === undefined) return undefined;
    // The header counts whole seconds: within one of them nothing is known.
    const ahead = date.ownMs - date.serverMs;
    return ahead >= 0 && ahead <= SECOND_MS ? 0 : ahead > 0 ? ahead - SECOND_MS : ahead;
  }

  /** The fields of our kinds that the server knows, by kind; undefined if it knows none of them. */
  async fields(call: Call): Promise<ReadonlyMap<string, FieldTree> | undefined> {
    const path = `/openapi/v3/apis/${GROUP}/${VERSION}`;
    try {
      const found = await this.#get<{
        readonly components?: { readonly schemas?: Readonly<Record<string, FieldTree>> };
      }>(path, call);
      const schemas = Object.entries(found.components?.schemas ?? {});
      return new Map(schemas.map(([name, tree]) => [name.slice(name.lastIndexOf('.') + 1), tree]));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async isAllowed(
    { verb, group, resource, subresource, namespace }: Right,
    call: Call,
  ): Promise<boolean> {
    const review = await this.#transport.request<{
      readonly status?: { readonly allowed?: unknown };
    }>(
      {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource, subresource, namespace } },
        },
        resource: 'selfsubjectaccessreviews',
      },
      call,
    );
    return review.status?.allowed === true;
  }

  /** Leases of controllers, of any release. */
  async leases(call: Call): Promise<readonly ControllerLease[] | Hidden> {
    const items = await this.#list(LEASES, {}, call);
    if (items === 'hidden') return items;
    return items.flatMap(({ metadata, spec }) => {
      if (!metadata.name.includes('espalier')) return [];
      const { holderIdentity, renewTime, leaseDurationSeconds } = fieldsOf(spec);
      return [
        {
          namespace: metadata.namespace ?? '',
          name: metadata.name,
          holder: String(holderIdentity ?? ''),
          renewedMs: Date.parse(String(renewTime ?? '')),
          durationMs: 1000 * Number(leaseDurationSeconds ?? 15),
        },
      ];
    });
  }

  /** Images of controllers that the chart has installed. */
  async images(call: Call): Promise<readonly string[] | Hidden> {
    const labelSelector = 'app.kubernetes.io/name=espalier,app.kubernetes.io/component=controller';
    const items = await this.#list(DEPLOYMENTS, { labelSelector }, call);
    if (items === 'hidden') return items;
    return items.flatMap(({ spec }) => {
      const template = fieldsOf(fieldsOf(fieldsOf(spec)['template'])['spec']);
      return listOf(template['containers']).map((one) => String(fieldsOf(one)['image'] ?? ''));
    });
  }

  /** Nodes with GPUs, and how many of them pods have asked for. */
  async gpus(call: Call): Promise<readonly NodeGpus[] | Hidden> {
    const nodes = await this.#list(NODES, {}, call);
    if (nodes === 'hidden') return nodes;
    const totals = nodes.flatMap(({ metadata, status }) => {
      const total = gpusIn(fieldsOf(status)['allocatable']);
      return total === 0 ? [] : [{ node: metadata.name, total }];
    });
    if (totals.length === 0) return [];
    const pods = await this.#list(PODS, {}, call);
    if (pods === 'hidden') return pods;
    const used = new Map<string, number>();
    for (const { spec, status } of pods) {
      const phase = fieldsOf(status)['phase'];
      const { nodeName, containers } = fieldsOf(spec);
      if (phase === 'Succeeded' || phase === 'Failed' || typeof nodeName !== 'string') continue;
      const wanted = listOf(containers)
        .map((one) => gpusIn(fieldsOf(fieldsOf(one)['resources'])['requests']))
        .reduce((sum, gpus) => sum + gpus, 0);
      used.set(nodeName, (used.get(nodeName) ?? 0) + wanted);
    }
    return totals.map(({ node, total }) => ({ node, total, used: used.get(node) ?? 0 }));
  }

  /** By name. */
  async quotas(namespace: string, call: Call): Promise<readonly Quota[] | Hidden> {
    const items = await this.#list(QUOTAS, { namespace }, call);
    if (items === 'hidden') return items;
    return items.map(quotaOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Undefined if there is none of that name. */
  async profile(
    { namespace, name }: ObjectKey,
    call: Call,
  ): Promise<TrainerProfile | Hidden | undefined> {
    try {
      const path = objectPath(PROFILES, namespace, name);
      return trainerProfileSchema.parse(await this.#get(path, call));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (isForbidden(error)) return 'hidden';
      throw error;
    }
  }

  close(): void {
    this.#transport.close();
  }

  #get<T>(path: string, call: Call): Promise<T> {
    return this.#transport.request<T>({ method: 'GET', path, resource: 'discovery' }, call);
  }

  /** In all namespaces, unless one is named. */
  async #list(
    resource: Resource,
    query: Where,
    call: Call,
  ): Promise<readonly RawObject[] | Hidden> {
    try {
      return await allObjects(this.#transport, resource, query, call);
    } catch (error) {
      if (isForbidden(error)) return 'hidden';
      throw error;
    }
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function gpusIn(resources: unknown): number {
  return Object.entries(fieldsOf(resources))
    .filter(([name]) => GPU.test(name))
    .map(([, amount]) => Number(amount))
    .filter((amount) => Number.isFinite(amount))
    .reduce((sum, amount) => sum + amount, 0);
}
