import { randomUUID } from 'node:crypto';
import {
  type AttemptAddress,
  encodeReportLine,
  type ReportLine,
  reportSubject,
} from '@espalier/api';
import type { NatsConnection } from 'nats';
import { Bus } from '../../../controller/src/adapters/nats/bus.ts';
import type { StreamLoss } from '../../../controller/src/adapters/nats/continuity.ts';
import { controllerCredentials } from '../../../controller/src/adapters/nats/credentials.ts';
import { NatsFeed } from '../../../controller/src/adapters/nats/nats-feed.ts';
import {
  STREAM_LIMITS,
  type StreamLimits,
} from '../../../controller/src/adapters/nats/stream-admin.ts';
import type { FeedView } from '../../../controller/src/domain/trial/feed-view.ts';
import type { PodEnd, PodView } from '../../../controller/src/domain/trial/pod-view.ts';
import type { FeedInterest } from '../../../controller/src/ports/metrics-feed.ts';
import type { Clock } from '../../../controller/src/ports/telemetry.ts';
import type { NatsServer } from '../../kit/nats-server.ts';
import { unlessAborted, waitFor } from '../../kit/wait.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, { signal }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    return unlessAborted(promise, signal).finally(() => clearTimeout(timer));
  },
};

/** A limit that small tests stay below, and that fits the server's store once but not twice. */
export const SMALL_LIMITS: StreamLimits = { ...STREAM_LIMITS, maxBytes: 160 * 2 ** 20 };

const log = {
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => log,
};

/** One controller's half of the metrics: its bus, its feed, and the pods it believes in. */
export interface Leader {
  readonly bus: Bus;
  readonly feed: NatsFeed;
  readonly losses: [StreamLoss, number][];
  close(): Promise<void>;
}

export async function startLeader(
  server: Pick<NatsServer, 'url' | 'installation'>,
  pods: Map<string, PodView[]>,
  {
    url = server.url,
    limits = SMALL_LIMITS,
    clock = realClock,
    checkMs = 100,
  }: {
    readonly url?: string;
    readonly limits?: StreamLimits;
    readonly clock?: Clock;
    readonly checkMs?: number;
  } = {},
): Promise<Leader> {
  const credentials = await controllerCredentials(server.installation);
  const bus = new Bus({
    servers: [url],
    credentials: () => credentials,
    ca: () => server.installation.ca.certificate,
    clock: realClock,
    log,
    retryMs: 100,
  });
  const losses: [StreamLoss, number][] = [];
  const feed = new NatsFeed({
    bus,
    pods: { podsOf: (uid) => pods.get(uid) ?? [] },
    clock,
    log,
    limits,
    oldestPodMs: () => {
      const created = [...pods.values()].flat().map(({ createdMs }) => createdMs);
      return created.length === 0 ? undefined : Math.min(...created);
    },
    onLoss: (loss, removed) => losses.push([loss, removed]),
    checkMs,
  });
  bus.start();
  feed.start();
  return {
    bus,
    feed,
    losses,
    close: async () => {
      await feed.close();
      await bus.close();
    },
  };
}

export function newTrial(namespace = 'team-a'): FeedInterest {
  return {
    experimentUid: randomUUID(),
    trialUid: randomUUID(),
    namespace,
    trialName: 'digits-00000',
    metric: 'acc',
    goal: 'maximize',
    resource: 'epoch',
    milestones: [1, 2, 4],
  };
}

export function addressOf({ namespace, trialUid }: FeedInterest, attempt = 0): AttemptAddress {
  return { namespace, trialUid, attempt };
}

export function podOf(trial: FeedInterest, attempt = 0, more: Partial<PodView> = {}): PodView {
  return {
    namespace: trial.namespace,
    name: `${trial.trialName}-a${attempt}`,
    uid: randomUUID(),
    trialUid: trial.trialUid,
    attempt,
    createdMs: Date.now() - 1_000,
    scheduledMs: Date.now() - 1_000,
    startedMs: Date.now() - 1_000,
    held: true,
    ...more,
  };
}

export function endedAt(atMs: number, message?: string): PodEnd {
  const how = { atMs, exitCode: 0, oomKilled: false, disrupted: false, interrupted: false };
  return message === undefined ? how : { ...how, message };
}

/**
 * Publishes one line; resolves once it is stored. A server that makes a deleted stream anew at that
 * moment may answer nothing at all, so it is sent again under the same id, as any trainer must.
 */
export async function send(
  connection: NatsConnection,
  address: AttemptAddress,
  line: ReportLine,
): Promise<void> {
  const subject = reportSubject(address, line.kind === 'points' ? 'points' : 'state');
  const options = { msgID: randomUUID(), timeout: 1_000 };
  const data = encodeReportLine(line);
  await waitFor(() => connection.jetstream().publish(subject, data, options), {
    what: `${subject} takes a message`,
    timeoutMs: 10_000,
  });
}

/** The view without what is the reader's own: times of arrival, and whether it knows of files. */
export function stateOf(
  view: FeedView | undefined,
): Omit<FeedView, 'firstReportMs' | 'lastReportMs' | 'canRecover'> {
  if (view === undefined) throw new Error('the trial is not followed');
  const { firstReportMs: _, lastReportMs: __, canRecover: ___, ...state } = view;
  return state;
}
