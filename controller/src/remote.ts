import {
  API_VERSION,
  type Experiment,
  experimentSchema,
  LABEL,
  type Trial,
  trialSchema,
} from '@espalier/api';
import { kubeconfigAccess } from './adapters/k8s/access.ts';
import { isForbidden, isGone, isUnauthorized } from './adapters/k8s/api-error.ts';
import { ObjectClient } from './adapters/k8s/object-client.ts';
import { controllerOf, type RawList, type RawObject } from './adapters/k8s/raw-object.ts';
import { collectionPath, EXPERIMENTS, type Resource, TRIALS } from './adapters/k8s/resources.ts';
import { Transport } from './adapters/k8s/transport.ts';
import { systemClock } from './adapters/local/system-clock.ts';

export { readExperimentRecord, type StoredExperiment } from './adapters/s3/experiment-record.ts';

import { LargeObjects, PATIENT_RETRY } from './adapters/s3/large-objects.ts';
import { ObjectStore } from './adapters/s3/object-store.ts';
import type { StoreOptions } from './adapters/s3/store-client.ts';
import type { Call } from './ports/cluster.ts';
import { EspalierError } from './ports/errors.ts';
import type { ObjectKey } from './ports/key.ts';

export {
  type LargeHead,
  type LargeObjects,
  NO_UPLOAD,
  type StoredPart,
} from './adapters/s3/large-objects.ts';
export type { ObjectStore } from './adapters/s3/object-store.ts';
export type { StoreOptions } from './adapters/s3/store-client.ts';
export { ArtifactKeys, DATA_MARK } from './domain/artifacts/keys.ts';
export { MAX_MANIFEST_BYTES } from './domain/artifacts/manifest.ts';

const PAGE = 500;
/** A list that takes longer than the server keeps its state (five minutes) is begun again. */
const LIST_TRIES = 3;

/** A bucket as people use it, with their own credentials. */
export interface RemoteStore {
  readonly objects: ObjectStore;
  readonly large: LargeObjects;
  close(): void;
}

export function openStore(options: StoreOptions): RemoteStore {
  const objects = new ObjectStore({ retry: PATIENT_RETRY, ...options });
  const large = new LargeObjects(options);
  return {
    objects,
    large,
    close() {
      objects.close();
      large.close();
    },
  };
}

export interface ClusterOptions {
  /** Merged as kubectl merges them. */
  readonly kubeconfig: readonly string[];
  readonly context?: string;
}

/** Reads the objects of a cluster with the rights of a kubeconfig. */
export interface ClusterReader {
  /** That of the kubeconfig's context, if it names one. */
  readonly namespace: string | undefined;
  experiment(key: ObjectKey, call: Call): Promise<Experiment | undefined>;
  trial(key: ObjectKey, call: Call): Promise<Trial | undefined>;
  /** All Trials of that Experiment, as they were at one moment. */
  trials(experiment: Experiment, call: Call): Promise<readonly Trial[]>;
  close(): void;
}

/**
 * @throws {EspalierError} InvalidSpec if the kubeconfig cannot be used. Reads throw `Storage`, saying
 * which verb on which resource was refused, or that nobody answered.
 */
export function openCluster({ kubeconfig, context }: ClusterOptions): ClusterReader {
  const access = kubeconfigAccess(kubeconfig, context);
  const transport = new Transport({ access, clock: systemClock, userAgent: 'espalier-cli' });
  const client = new ObjectClient(transport);
  const pages = async (query: Record<string, string | number>, key: ObjectKey, call: Call) => {
    const path = collectionPath(TRIALS, key.namespace);
    const items: RawObject[] = [];
    for (let token: string | undefined; ; ) {
      const list: RawList = await transport.request(
        { method: 'GET', path, query: { ...query, continue: token }, resource: TRIALS.plural },
        call,
      );
      items.push(...list.items);
      token = list.metadata.continue;
      if (token === undefined || token === '') return items;
    }
  };
  const read = async (resource: Resource, key: ObjectKey, call: Call): Promise<unknown> => {
    try {
      const found = await client.get(resource, key, call);
      // What a server leaves out of objects inside a list, and some leave out of single ones.
      return found && { apiVersion: API_VERSION, kind: resource.kind, ...found };
    } catch (error) {
      call.signal.throwIfAborted();
      throw readError('get', resource, key, access.server, error);
    }
  };
  return {
    namespace: access.namespace,
    async experiment(key, call) {
      const found = await read(EXPERIMENTS, key, call);
      return found === undefined ? undefined : experimentSchema.parse(found);
    },
    async trial(key, call) {
      const found = await read(TRIALS, key, call);
      return found === undefined ? undefined : trialSchema.parse(found);
    },
    async trials({ metadata }, call) {
      const query = { limit: PAGE, labelSelector: `${LABEL.experiment}=${metadata.name}` };
      let items: readonly RawObject[];
      for (let tried = 1; ; tried++) {
        try {
          items = await pages(query, metadata, call);
          break;
        } catch (error) {
          call.signal.throwIfAborted();
          // The state of the first page is no longer kept: from the start.
          if (isGone(error) && tried < LIST_TRIES) continue;
          throw readError('list', TRIALS, metadata, access.server, error);
        }
      }
      return items.filter((item) => controllerOf(item.metadata)?.uid === metadata.uid).map(trialOf);
    },
    close: () => transport.close(),
  };
}

function trialOf(item: RawObject): Trial {
  const parsed = trialSchema.safeParse({ apiVersion: API_VERSION, kind: TRIALS.kind, ...item });
  if (parsed.success) return parsed.data;
  const { name } = item.metadata;
  const message = `Trial ${name} is not as this program writes it: ${parsed.error.message}`;
  throw new EspalierError('Storage', message.slice(0, 1000));
}

function readError(
  verb: 'get' | 'list',
  { kind, plural }: Resource,
  key: ObjectKey,
  server: URL,
  cause: unknown,
): Error {
  const whose = verb === 'get' ? `${kind} ${key.name}` : `the ${plural} of ${key.name}`;
  const what = `cannot read ${whose} in namespace ${key.namespace} from ${server.host}`;
  const message = cause instanceof Error ? cause.message : String(cause);
  const advice = isForbidden(cause)
    ? `; it needs the verb ${verb} on ${plural}.${API_VERSION.split('/')[0]} in that namespace`
    : isUnauthorized(cause)
      ? '; the server does not accept the credential of the kubeconfig'
      : '';
  return new EspalierError('Storage', `${what}: ${message}${advice}`, { cause });
}
