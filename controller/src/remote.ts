import { kubeconfigAccess } from './adapters/k8s/access.ts';
import { ClusterProbe } from './adapters/k8s/cluster-probe.ts';
import { Transport, type TransportOptions } from './adapters/k8s/transport.ts';
import { UserCluster } from './adapters/k8s/user-cluster.ts';
import { systemClock } from './adapters/local/system-clock.ts';
import { LargeObjects, PATIENT_RETRY } from './adapters/s3/large-objects.ts';
import { ObjectStore } from './adapters/s3/object-store.ts';
import type { StoreOptions } from './adapters/s3/store-client.ts';

export type {
  ClusterProbe,
  ControllerLease,
  FieldTree,
  NodeGpus,
  Right,
} from './adapters/k8s/cluster-probe.ts';
export type { Quota, QuotaLimit, QuotaScope } from './adapters/k8s/resource-quota.ts';
export type { UserCluster } from './adapters/k8s/user-cluster.ts';
export { isDenied, isPassing } from './adapters/k8s/user-failure.ts';
export type { ExperimentPicture, WatchNews } from './adapters/k8s/user-watch.ts';
export { readExperimentRecord, type StoredExperiment } from './adapters/s3/experiment-record.ts';
export {
  type LargeHead,
  type LargeObjects,
  NO_UPLOAD,
  type StoredPart,
} from './adapters/s3/large-objects.ts';
export type { ObjectStore } from './adapters/s3/object-store.ts';
export type { StoreOptions } from './adapters/s3/store-client.ts';
export { ArtifactKeys, DATA_MARK } from './domain/artifacts/keys.ts';
export { MAX_MANIFEST_BYTES, pointSegments } from './domain/artifacts/manifest.ts';
export { type PodRequests, podRequests } from './domain/trial/pod-requests.ts';

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

const USER_AGENT = 'espalier-cli';

export interface ClusterOptions {
  /** Merged as kubectl merges them. */
  readonly kubeconfig: readonly string[];
  readonly context?: string;
  /** Runs if the first answer lets people wait: they should know for whom. */
  readonly onSlow?: () => void;
}

/** Whoever has seen an answer knows that the server is there. */
function untilAnswered({ onSlow }: ClusterOptions): Partial<TransportOptions> {
  if (onSlow === undefined) return {};
  let isAnswered = false;
  return {
    onRequest: ({ status }) => {
      isAnswered ||= status > 0;
    },
    onSlow: () => {
      if (!isAnswered) onSlow();
    },
  };
}

/** @throws {EspalierError} InvalidSpec if the kubeconfig cannot be used. */
export function openCluster(options: ClusterOptions): UserCluster {
  const access = kubeconfigAccess(options.kubeconfig, options.context);
  const transport = new Transport({
    access,
    clock: systemClock,
    userAgent: USER_AGENT,
    ...untilAnswered(options),
  });
  return new UserCluster(access, transport, systemClock);
}

/** @throws {EspalierError} InvalidSpec if the kubeconfig cannot be used. */
export function openProbe(options: ClusterOptions): ClusterProbe {
  const access = kubeconfigAccess(options.kubeconfig, options.context);
  let date: { serverMs: number; ownMs: number } | undefined;
  const transport = new Transport({
    access,
    clock: systemClock,
    userAgent: USER_AGENT,
    ...untilAnswered(options),
    onServerDate: (text, roundTripMs) => {
      const serverMs = Date.parse(text);
      // It was written somewhere on the way: half of it is the best guess.
      if (!Number.isNaN(serverMs)) date = { serverMs, ownMs: systemClock.now() - roundTripMs / 2 };
    },
  });
  return new ClusterProbe(transport, access.server.host, () => date);
}
