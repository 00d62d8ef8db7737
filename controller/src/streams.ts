import { type AttemptAddress, CREDENTIAL_FILE, type ExperimentSpec } from '@espalier/api';
import { NoArtifacts } from './adapters/k8s/no-artifacts.ts';
import { TerminationFeed } from './adapters/k8s/termination-feed.ts';
import { Bus } from './adapters/nats/bus.ts';
import {
  attemptCredentials,
  attemptExpiryMs,
  type TrainerSigner,
} from './adapters/nats/credentials.ts';
import { type FeedCounts, NatsFeed } from './adapters/nats/nats-feed.ts';
import { type RequestCounts, serveRequests } from './adapters/nats/request-server.ts';
import { STREAM_LIMITS, type StreamLimits } from './adapters/nats/stream-admin.ts';
import { ObjectStore } from './adapters/s3/object-store.ts';
import { Presigner } from './adapters/s3/presign.ts';
import { lazyAbilities } from './adapters/s3/probe.ts';
import { S3Artifacts } from './adapters/s3/s3-artifacts.ts';
import type { StoreOptions } from './adapters/s3/store-client.ts';
import { dropSuperseded } from './adapters/s3/superseded.ts';
import { ArtifactKeys, type AttemptPlace } from './domain/artifacts/keys.ts';
import { checkpointStep } from './domain/artifacts/manifest.ts';
import { stepsOfChildren } from './domain/population/population.ts';
import { HealthWatch } from './health-watch.ts';
import type { ArtifactStore, ReportRecovery } from './ports/artifact-store.ts';
import type { Call, Cluster } from './ports/cluster.ts';
import type { Health } from './ports/health.ts';
import type { MetricsFeed } from './ports/metrics-feed.ts';
import type { Clock, Logger } from './ports/telemetry.ts';
import { RequestAnswerer } from './requests/answer.ts';
import { locateAttempt } from './requests/asking-attempt.ts';
import { Tidier } from './requests/tidier.ts';

/** How to reach NATS; what is a function is asked again whenever it is needed, so files may rotate. */
export interface NatsSettings {
  readonly servers: readonly string[];
  /** The controller's credentials file, as text. */
  readonly credentials: () => string;
  /** What to trust, PEM; trainers get the same. */
  readonly ca: () => string;
  /** Signs the users of attempts. */
  readonly signer: () => TrainerSigner;
  /** @default STREAM_LIMITS */
  readonly limits?: StreamLimits;
}

export interface S3Settings extends StoreOptions {
  /** Folders joined by slashes before every key; empty = the bucket is ours. */
  readonly prefix: string;
  /** What one attempt may store. */
  readonly attemptQuotaBytes: number;
}

export interface StreamsOptions {
  /** Absent = a trainer's last observation is its termination message. */
  readonly nats?: NatsSettings;
  /** Absent = nothing is kept. */
  readonly s3?: S3Settings;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  /** When the oldest pod was created that is not let go yet; undefined = there is none. */
  readonly oldestPodMs: () => number | undefined;
}

/** The files of an attempt's Secret, by the names of {@link CREDENTIAL_FILE}. */
export type AttemptSecret = Readonly<
  Record<(typeof CREDENTIAL_FILE)[keyof typeof CREDENTIAL_FILE], string>
>;

/** What the metrics of the process say about NATS and S3; undefined = not configured. */
export interface StreamFacts {
  readonly isNatsConnected: boolean | undefined;
  /** Whether everything in the stream was read. */
  readonly isCaughtUp: boolean | undefined;
  readonly feed: FeedCounts | undefined;
  readonly requests: RequestCounts | undefined;
  readonly isStoreAnswering: boolean | undefined;
}

/** The controller's side of NATS and S3. Either may be away at any time, also at the start. */
export interface Streams {
  readonly feed: MetricsFeed;
  readonly artifacts: ArtifactStore;
  /** Undefined = there is no stream that could lose reports. */
  readonly recovery: ReportRecovery | undefined;
  /** Makes what a pod needs to reach NATS, new each time; undefined = there is no NATS. */
  readonly mint:
    | ((address: AttemptAddress, spec: Pick<ExperimentSpec, 'deadlines'>) => Promise<AttemptSecret>)
    | undefined;
  readonly facts: StreamFacts;
  readonly health: Health;
  /** Reads the stream and answers trainers until the signal aborts; only the leader may. */
  lead(signal: AbortSignal): Promise<void>;
  /** Ends every connection; `lead` must have ended. */
  close(): Promise<void>;
}

/** A trainer asks again by then, and an answer that comes later helps nobody. */
const ANSWER_WITHIN_MS = 20_000;

/** Builds everything and begins to connect; returns at once. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: what is made of what, once
export function createStreams(options: StreamsOptions): Streams {
  const { nats, cluster, clock, log, oldestPodMs } = options;
  const store = options.s3 && composeStore(options.s3, cluster);
  const bus = nats && new Bus({ ...nats, clock, log });
  const feed =
    bus &&
    new NatsFeed({
      bus,
      pods: cluster,
      clock,
      log,
      limits: nats.limits ?? STREAM_LIMITS,
      oldestPodMs,
      onLoss: (loss) => health.lost(loss),
      canRecover: store !== undefined,
      onForget: (trialUid) => store?.artifacts.forget(trialUid),
    });
  const health = new HealthWatch({
    clock,
    log,
    ...(bus && feed
      ? { unheardSinceMs: () => feed.unheardSinceMs, isConnected: () => bus.isConnected }
      : {}),
    ...(store === undefined ? {} : { useStore: (call) => store.touch(call) }),
  });
  const answerer =
    feed &&
    new RequestAnswerer({
      ...{ cluster, receipts: feed, store, clock, log },
      onGranted: ({ place }, path) => {
        if (checkpointStep(path) !== undefined) tidier?.add(place);
      },
    });
  const tidier =
    store &&
    new Tidier({
      dropSuperseded: store.dropSuperseded,
      onDropped: (place) => answerer?.recount(place),
      clock,
      log,
    });
  let requests: RequestCounts | undefined;
  bus?.start();
  return {
    feed: feed ?? new TerminationFeed(cluster, clock),
    artifacts: store?.artifacts ?? new NoArtifacts(),
    recovery: feed && {
      recover: async (experiment, trial, attempt, call) => {
        const record = store?.artifacts.record(experiment, trial, attempt, call);
        if (record !== undefined) await feed.recover(trial.metadata.uid, attempt, record);
      },
      discard: (attempts) => {
        feed.discard(attempts);
        const pod = cluster.podsOf(attempts[0]?.trialUid ?? '').at(-1);
        const last = pod && locateAttempt(cluster, pod);
        if (last !== undefined) tidier?.add(last.place);
      },
    },
    mint:
      nats &&
      (async (address, spec) => ({
        [CREDENTIAL_FILE.user]: await attemptCredentials(
          nats.signer(),
          address,
          attemptExpiryMs(spec, clock.now()),
        ),
        [CREDENTIAL_FILE.ca]: nats.ca(),
      })),
    get facts() {
      return {
        isNatsConnected: bus?.isConnected,
        isCaughtUp: feed?.isCaughtUp,
        feed: feed?.counts,
        requests,
        isStoreAnswering: health.isStoreAnswering,
      };
    },
    health,
    lead: async (signal) => {
      feed?.start();
      const serving =
        bus &&
        answerer &&
        serveRequests(bus, (from, text) => {
          const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
          return answerer.answerText(from, text, { signal: within });
        });
      requests = serving?.counts;
      await Promise.all([health.run(signal), tidier?.run(signal)]);
      serving?.stop();
    },
    close: async () => {
      await feed?.close();
      await bus?.close();
      store?.close();
    },
  };
}

function composeStore(
  { prefix, attemptQuotaBytes, ...options }: S3Settings,
  cluster: Pick<Cluster, 'trialsOf'>,
) {
  const objects = new ObjectStore(options);
  const signer = new Presigner(options);
  const keys = new ArtifactKeys(prefix);
  return {
    objects,
    signer,
    keys,
    quotaBytes: attemptQuotaBytes,
    dropSuperseded: (place: AttemptPlace, call: Call) => {
      const steps = stepsOfChildren(cluster.trialsOf(place.experiment.uid), place.trialUid);
      return dropSuperseded(objects, keys, place, steps, call);
    },
    /** Any answer will do: there is no such key. */
    touch: (call: Call) => objects.get(`${prefix === '' ? '' : `${prefix}/`}.health`, 1, call),
    artifacts: new S3Artifacts(objects, keys, lazyAbilities(objects, prefix)),
    close: () => {
      objects.close();
      signer.close();
    },
  };
}
