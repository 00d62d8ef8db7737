import { type AttemptAddress, CREDENTIAL_FILE, type ExperimentSpec } from '@espalier/api';
import { NoArtifacts } from './adapters/k8s/no-artifacts.ts';
import { TerminationFeed } from './adapters/k8s/termination-feed.ts';
import { Bus, STREAM_LIMITS, type StreamLimits } from './adapters/nats/bus.ts';
import {
  attemptCredentials,
  attemptExpiryMs,
  type TrainerSigner,
} from './adapters/nats/credentials.ts';
import { type FeedCounts, NatsFeed } from './adapters/nats/nats-feed.ts';
import { ObjectStore, type StoreOptions } from './adapters/s3/object-store.ts';
import { lazyAbilities } from './adapters/s3/probe.ts';
import { S3Artifacts } from './adapters/s3/s3-artifacts.ts';
import { ArtifactKeys } from './domain/artifacts/keys.ts';
import type { ArtifactStore } from './ports/artifact-store.ts';
import type { Cluster } from './ports/cluster.ts';
import type { MetricsFeed } from './ports/metrics-feed.ts';
import type { Clock, Logger } from './ports/telemetry.ts';

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
}

/** The controller's side of NATS and S3. Either may be away at any time, also at the start. */
export interface Streams {
  readonly feed: MetricsFeed;
  readonly artifacts: ArtifactStore;
  /** Makes what a pod needs to reach NATS, new each time; undefined = there is no NATS. */
  readonly mint:
    | ((address: AttemptAddress, spec: Pick<ExperimentSpec, 'deadlines'>) => Promise<AttemptSecret>)
    | undefined;
  readonly facts: StreamFacts;
  /** Reads the stream and answers trainers until the signal aborts; only the leader may. */
  lead(signal: AbortSignal): Promise<void>;
  /** Ends every connection; `lead` must have ended. */
  close(): Promise<void>;
}

/** Builds everything and begins to connect; returns at once. */
export function createStreams(options: StreamsOptions): Streams {
  const { nats, s3, cluster, clock, log, oldestPodMs } = options;
  const store = s3 && new ObjectStore(s3);
  const artifacts =
    s3 === undefined || store === undefined
      ? new NoArtifacts()
      : new S3Artifacts(store, new ArtifactKeys(s3.prefix), lazyAbilities(store, s3.prefix));
  const bus = nats && new Bus({ ...nats, clock, log });
  const natsFeed =
    bus &&
    new NatsFeed({
      bus,
      pods: cluster,
      clock,
      log,
      limits: nats.limits ?? STREAM_LIMITS,
      oldestPodMs,
      onLoss: () => {},
    });
  bus?.start();
  return {
    feed: natsFeed ?? new TerminationFeed(cluster, clock),
    artifacts,
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
        isCaughtUp: natsFeed?.isCaughtUp,
        feed: natsFeed?.counts,
      };
    },
    lead: async (signal) => {
      natsFeed?.start();
      await aborted(signal);
    },
    close: async () => {
      await natsFeed?.close();
      await bus?.close();
      store?.close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
