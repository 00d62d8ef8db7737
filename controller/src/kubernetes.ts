import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from './adapters/k8s/access.ts';
import { Caches, type CachesOptions, type DamagedObject } from './adapters/k8s/caches.ts';
import { KubernetesCluster } from './adapters/k8s/cluster.ts';
import { EventRecorder } from './adapters/k8s/events.ts';
import { LeaderElection } from './adapters/k8s/leader.ts';
import { KubernetesLease } from './adapters/k8s/lease-store.ts';
import { NoArtifacts } from './adapters/k8s/no-artifacts.ts';
import { ObjectClient } from './adapters/k8s/object-client.ts';
import { freeOrphans } from './adapters/k8s/orphans.ts';
import { EXPERIMENTS, LEASES, TRIALS } from './adapters/k8s/resources.ts';
import { TerminationFeed } from './adapters/k8s/termination-feed.ts';
import { type RequestReport, Transport, type TransportOptions } from './adapters/k8s/transport.ts';
import type { PodDefaults } from './domain/trial/pod-template.ts';
import type { ObjectKey } from './ports/key.ts';
import type { Clock, Logger, Telemetry } from './ports/telemetry.ts';
import { startControllers } from './reconcilers/start.ts';

export interface KubernetesOptions {
  readonly access: ClusterAccess;
  /** Empty = all namespaces. */
  readonly namespaces: readonly string[];
  readonly defaults: PodDefaults;
  /** Unique to this process. */
  readonly identity: string;
  /** Absent = no election: somebody else sees to it that there is only one of us. */
  readonly lease?: LeaseOptions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly workers?: number;
  readonly viewIntervalMs?: number;
  /** A write or a read of one object is given up after so long without an answer. Default 20 s. */
  readonly requestTimeoutMs?: number;
  readonly onRequest?: (report: RequestReport) => void;
  readonly onServerDate?: TransportOptions['onServerDate'];
  readonly onLeader?: (isLeader: boolean) => void;
  readonly watch?: CachesOptions['watch'];
  /** Default 30 s. */
  readonly orphanSweepMs?: number;
}

export interface LeaseOptions extends ObjectKey {
  readonly durationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
}

/** One controller process on a cluster. */
export interface KubernetesController {
  /** The caches are filled: it could lead. */
  readonly ready: Promise<void>;
  /**
   * Resolves when everything has ended after an abort; rejects when the lease was lost, after which
   * only a new process may begin again.
   */
  readonly done: Promise<void>;
  readonly cluster: KubernetesCluster;
}

/** Fills the caches, waits for the lease, reconciles until the signal aborts or the lease is lost. */
export function startKubernetes(
  options: KubernetesOptions,
  signal: AbortSignal,
): KubernetesController {
  const { clock, log, identity, lease, defaults } = options;
  const random = Math.random;
  // The watches outlive the reconcilers, so that the last writes are made with open eyes.
  const eyes = new AbortController();
  let election: LeaderElection | undefined;
  const transport = new Transport({
    access: options.access,
    clock,
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
    ...(options.onServerDate === undefined ? {} : { onServerDate: options.onServerDate }),
    ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
    beforeWrite: ({ resource }) => {
      if (resource !== LEASES.plural) election?.assertHeld();
    },
  });
  const client = new ObjectClient(transport);
  const events = new EventRecorder({
    client,
    clock,
    log,
    controller: 'espalier.dev/controller',
    instance: identity,
  });
  const caches: Caches = new Caches({
    transport,
    clock,
    log,
    random,
    namespaces: options.namespaces,
    onDamaged: (damaged) => {
      if (election?.isHeld !== false) reportDamage(events, damaged);
    },
    ...(options.watch === undefined ? {} : { watch: options.watch }),
  });
  const cluster = new KubernetesCluster({ transport, caches, clock, defaults });
  const feed = new TerminationFeed(cluster, clock);
  const artifacts = new NoArtifacts();

  const lead = async (held: AbortSignal): Promise<void> => {
    // Whoever led before us may have written what our caches have not seen yet (G1).
    if (election !== undefined) await Promise.race([caches.refresh(), aborted(held)]);
    const { telemetry, workers, viewIntervalMs } = options;
    const ports = { cluster, feed, artifacts, events, clock, telemetry, log };
    const controllers = startControllers(ports, {
      signal: held,
      ...(workers === undefined ? {} : { workers }),
      ...(viewIntervalMs === undefined ? {} : { viewIntervalMs }),
    });
    const sweep = freeOrphans(
      { caches, client, cluster, clock, log, everyMs: options.orphanSweepMs ?? 30_000 },
      { signal: held },
    );
    await Promise.all([controllers.done, sweep]);
    await Promise.race([events.flush(), sleep(2_000, undefined, { ref: false })]);
  };

  if (lease !== undefined) {
    election = new LeaderElection({
      store: new KubernetesLease(client, lease),
      clock,
      log,
      identity,
      random,
      ...(lease.durationMs === undefined ? {} : { leaseDurationMs: lease.durationMs }),
      ...(lease.renewDeadlineMs === undefined ? {} : { renewDeadlineMs: lease.renewDeadlineMs }),
      ...(lease.retryPeriodMs === undefined ? {} : { retryPeriodMs: lease.retryPeriodMs }),
      ...(options.onLeader === undefined ? {} : { onChange: options.onLeader }),
    });
  }
  const ready = Promise.race([caches.start(eyes.signal), aborted(signal)]);
  const work = async (): Promise<void> => {
    try {
      await ready;
      if (election !== undefined) await election.run(signal, (held) => lead(held.signal));
      else if (!signal.aborted) await lead(signal);
      if (!signal.aborted) throw new Error('the lease was lost');
    } finally {
      eyes.abort();
      transport.close();
    }
  };
  return { ready, done: work(), cluster };
}

function reportDamage(events: EventRecorder, { resource, raw, problem }: DamagedObject): void {
  const { kind } = resource;
  // Profiles have no reader of events but the administrator, who sees the log.
  if (kind !== EXPERIMENTS.kind && kind !== TRIALS.kind) return;
  events.emit({
    kind: kind === EXPERIMENTS.kind ? 'Experiment' : 'Trial',
    namespace: raw.metadata.namespace ?? '',
    name: raw.metadata.name,
    uid: raw.metadata.uid,
    type: 'Warning',
    reason: 'RecordDamaged',
    message: `left alone, because it does not fit its schema: ${problem}`,
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
