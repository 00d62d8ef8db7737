import type { Call } from '../../ports/cluster.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { ObjectClient } from './object-client.ts';
import type { RawObject } from './raw-object.ts';
import { LEASES } from './resources.ts';

/** What a Lease says. */
export interface LeaseRecord {
  /** '' = nobody. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquiredMs: number;
  readonly renewedMs: number;
  readonly transitions: number;
  readonly resourceVersion: string;
}

/** Where the lease lies; writes fail with a conflict if somebody wrote meanwhile. */
export interface LeaseStore {
  get(call: Call): Promise<LeaseRecord | undefined>;
  create(record: LeaseRecord, call: Call): Promise<LeaseRecord>;
  update(record: LeaseRecord, call: Call): Promise<LeaseRecord>;
}

interface RawLease extends RawObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** A Lease of the API server. */
export class KubernetesLease implements LeaseStore {
  readonly #client: ObjectClient;
  readonly #key: ObjectKey;

  constructor(client: ObjectClient, key: ObjectKey) {
    this.#client = client;
    this.#key = key;
  }

  async get(call: Call): Promise<LeaseRecord | undefined> {
    const lease = await this.#client.get(LEASES, this.#key, call);
    return lease === undefined ? undefined : recordOf(lease);
  }

  async create(record: LeaseRecord, call: Call): Promise<LeaseRecord> {
    const { namespace } = this.#key;
    return recordOf(await this.#client.create(LEASES, namespace, this.#body(record), call));
  }

  async update(record: LeaseRecord, call: Call): Promise<LeaseRecord> {
    return recordOf(await this.#client.replace(LEASES, this.#key, this.#body(record), call));
  }

  #body({ holder, durationMs, acquiredMs, renewedMs, transitions, resourceVersion }: LeaseRecord) {
    const { apiVersion, kind } = LEASES;
    return {
      apiVersion,
      kind,
      metadata: { ...this.#key, ...(resourceVersion === '' ? {} : { resourceVersion }) },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.max(1, Math.round(durationMs / 1000)),
        acquireTime: microTime(acquiredMs),
        renewTime: microTime(renewedMs),
        leaseTransitions: transitions,
      },
    };
  }
}

function recordOf(lease: RawLease): LeaseRecord {
  const { spec = {}, metadata } = lease;
  return {
    holder: spec.holderIdentity ?? '',
    durationMs: (spec.leaseDurationSeconds ?? 1) * 1000,
    acquiredMs: Date.parse(spec.acquireTime ?? '') || 0,
    renewedMs: Date.parse(spec.renewTime ?? '') || 0,
    transitions: spec.leaseTransitions ?? 0,
    resourceVersion: metadata.resourceVersion,
  };
}

/** RFC 3339 with microseconds, as a MicroTime must be. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
