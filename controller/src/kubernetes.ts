import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from './adapters/k8s/access.ts';
import { Caches, type CachesOptions, type DamagedObject } from './adapters/k8s/caches.ts';
import { KubernetesCluster } from './adapters/k8s/cluster.ts';
import { CredentialsKeeper } from './adapters/k8s/credentials-keeper.ts';
import { EventRecorder } from './adapters/k8s/events.ts';
import { LeaderElection } from './adapters/k8s/leader.ts';
import { KubernetesLease } from './adapters/k8s/lease-store.ts';
import { ObjectClient } from './adapters/k8s/object-client.ts';
import { freeOrphans } from './adapters/k8s/orphans.ts';
import { EXPERIMENTS, LEASES, TRIALS } from './adapters/k8s/resources.ts';
import { type RequestReport, Transport, type TransportOptions } from './adapters/k8s/transport.ts';
import { LastViews } from './adapters/prom/last-views.ts';
import { TrialMetrics, type TrialMetricsOptions } from './adapters/prom/trial-metrics.ts';
import type { PodDefaults } from './domain/trial/pod-template.ts';
import type { ObjectKey } from './ports/key.ts';
import type { Clock, Logger, Telemetry } from './ports/telemetry.ts';
import { startControllers } from './reconcilers/start.ts';
import { DEFAULT_BACKOFF } from './runtime/backoff.ts';
import { runController } from './runtime/controller.ts';
import { WorkQueue } from './runtime/work-queue.ts';
import { createStreams, type Streams, type StreamsOptions } from './streams.ts';

export interface KubernetesOptions {
  readonly access: ClusterAccess;
  /** Empty = all namespaces. */
  readonly namespaces: readonly string[];
  readonly defaults: PodDefaults;
  /** Absent = results are termination messages, and nothing is kept. */
  readonly streams?: Pick<StreamsOptions, 'nats' | 's3'>;
  readonly trialMetrics?: TrialMetricsLimits;
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

/** What the metrics of Trials may cost Prometheus, and how long they outlive a Trial. */
export interface TrialMetricsLimits
  extends Pick<TrialMetricsOptions, 'maxSeries' | 'maxSeriesPerExperiment' | 'parameters'> {
  readonly graceMs: number;
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
  readonly streams: Pick<Streams, 'facts'>;
  /** The Trials' part of the page of metrics; empty unless it leads. */
  trialMetrics(): Promise<string>;
}

const DEFAULT_TRIAL_METRICS: TrialMetricsLimits = {
  maxSeries: 50_000,
  maxSeriesPerExperiment: 10_000,
  parameters: false,
  graceMs: 120_000,
};
/** Signing is what it costs; more at once would only keep others from their turn. */
const CREDENTIALS_WORKERS = 4;

/** Fills the caches, waits for the lease, reconciles until the signal aborts or the lease is lost. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: what is made of what, once
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
  const streams = createStreams({
    ...options.streams,
    cluster,
    clock,
    log,
    oldestPodMs: () => oldestHeldMs(caches),
  });
  const { graceMs, ...limits } = options.trialMetrics ?? DEFAULT_TRIAL_METRICS;
  const feed = new LastViews(streams.feed, clock, graceMs);
  const trialMetrics = new TrialMetrics({
    ...limits,
    clock,
    source: {
      experiments: () => cluster.experiments(),
      trialsOf: (uid) => cluster.trialsOf(uid),
      viewOf: (uid) => feed.viewOrLast(uid),
    },
  });

  const lead = async (held: AbortSignal): Promise<void> => {
    // Whoever led before us may have written what our caches have not seen yet (G1).
    if (election !== undefined) await Promise.race([caches.refresh(), aborted(held)]);
    const { telemetry, workers, viewIntervalMs } = options;
    const { artifacts, recovery, health, mint } = streams;
    const ports = { cluster, feed, artifacts, recovery, health, events, clock, telemetry, log };
    trialMetrics.leads(true);
    const controllers = startControllers(ports, {
      signal: held,
      ...(workers === undefined ? {} : { workers }),
      ...(viewIntervalMs === undefined ? {} : { viewIntervalMs }),
    });
    const sweep = freeOrphans(
      { caches, client, cluster, clock, log, everyMs: options.orphanSweepMs ?? 30_000 },
      { signal: held },
    );
    const keeper = mint && new CredentialsKeeper({ caches, client, clock, events, mint });
    await Promise.all([
      controllers.done,
      sweep,
      keeper && keepCredentials(keeper, ports, held),
      streams.lead(held),
    ]);
    trialMetrics.leads(false);
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
      await streams.close();
      transport.close();
    }
  };
  return { ready, done: work(), cluster, streams, trialMetrics: () => trialMetrics.render() };
}

/** Creates Secrets until the signal aborts. */
function keepCredentials(
  keeper: CredentialsKeeper,
  ports: { readonly clock: Clock; readonly telemetry: Telemetry; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const name = 'credentials';
  const queue = new WorkQueue(ports.clock, DEFAULT_BACKOFF, (waitedMs) =>
    ports.telemetry.queueWait(name, waitedMs / 1000),
  );
  keeper.onWaiting((key) => queue.add(key));
  const reconcile = (key: string, call: { readonly signal: AbortSignal }) => keeper.keep(key, call);
  return runController({ ...ports, name, queue, reconcile, workers: CREDENTIALS_WORKERS }, signal);
}

/** From there on the stream has to be read: what a pod reported counts until it is let go. */
function oldestHeldMs({ pods }: Caches): number | undefined {
  let oldestMs: number | undefined;
  for (const { view } of pods.all()) {
    if (view.held && (oldestMs === undefined || view.createdMs < oldestMs)) {
      oldestMs = view.createdMs;
    }
  }
  return oldestMs;
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
