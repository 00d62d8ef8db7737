import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { HealthServer } from '../../controller/src/adapters/http/health-server.ts';
import { STREAM_LIMITS } from '../../controller/src/adapters/nats/stream-admin.ts';
import { TrialMetrics } from '../../controller/src/adapters/prom/trial-metrics.ts';
import { experiment, running, trial } from '../../controller/src/domain/testing/builders.ts';
import type { PodView } from '../../controller/src/domain/trial/pod-view.ts';
import { witnessCredentials } from '../integration/nats/clients.ts';
import {
  type Leader,
  newTrial,
  podOf,
  realClock,
  startLeader,
} from '../integration/nats/feed-rig.ts';
import { type NatsServer, startNatsServer } from '../kit/nats-server.ts';
import { waitFor } from '../kit/wait.ts';
import { OBJECTIVE } from './streams-points.ts';
import type { PublisherResult, PublisherTask } from './streams-publisher.ts';

export interface FeedOptions {
  readonly trials: number;
  /** Messages of each trial in the flood, and points in one. */
  readonly batches: number;
  readonly points: number;
  readonly steadySeconds: number;
  readonly steadyPoints: number;
}

export interface FeedResult {
  /** While the server takes as much as it can, by the clock and by the processor of the reader. */
  readonly pointsPerSec: number;
  readonly pointsPerCpuSec: number;
  readonly publishedPerSec: number;
  readonly replayPointsPerSec: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly lags: number;
}

const NAMESPACE = 'team-a';
const MAX_BYTES = 4 * 2 ** 30;
const PAGE_EVERY_MS = 250;

/** The reader and its page in this process, nats-server and the trainers in others. */
export async function measureFeed(
  options: FeedOptions,
  say: (text: string) => void,
): Promise<FeedResult> {
  const server = await startNatsServer({ maxFileBytes: MAX_BYTES });
  const publisher = fork(join(import.meta.dirname, 'streams-publisher.ts'), {
    execArgv: ['--conditions=@espalier/source'],
  });
  const tell = async (task: PublisherTask): Promise<PublisherResult> => {
    publisher.send(task);
    const ended = once(publisher, 'exit').then(([code]) => {
      throw new Error(`the publisher ended with ${code}`);
    });
    const [result] = await Promise.race([once(publisher, 'message'), ended]);
    return result as PublisherResult;
  };
  const scene = makeScene(options.trials);
  let leader: Leader | undefined;
  try {
    leader = await lead(server, scene);
    await tell({
      kind: 'connect',
      url: server.url,
      ca: server.installation.ca.certificate,
      credentials: await witnessCredentials(server.installation),
      namespace: NAMESPACE,
      trialUids: scene.interests.map(({ trialUid }) => trialUid),
    });
    const { feed } = leader;
    await waitFor(() => feed.isCaughtUp, { what: 'the reader has caught up' });
    say(`lag: ${options.trials} trials, a batch of ${options.steadyPoints} points each second`);
    const lags = await measureLag(leader, scene, options, tell);

    say(`flood: ${options.batches} batches of ${options.points} points of each trial`);
    const { batches, points } = options;
    const before = pointsOf(leader, scene);
    const cpu = process.cpuUsage();
    const began = performance.now();
    const flood = await tell({ kind: 'flood', batches, points });
    const all = before + flood.points;
    await untilFolded(leader, scene, all);
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const cpuSeconds = (user + system) / 1e6;
    await leader.close();

    say(`replay: ${all} points by a new leader`);
    const replayBegan = performance.now();
    leader = await lead(server, scene);
    await untilFolded(leader, scene, all);
    const replaySeconds = (performance.now() - replayBegan) / 1000;
    const sorted = lags.toSorted((a, b) => a - b);
    const lagAt = (q: number) => sorted[Math.floor((sorted.length - 1) * q)] ?? Number.NaN;
    return {
      pointsPerSec: flood.points / seconds,
      pointsPerCpuSec: flood.points / cpuSeconds,
      publishedPerSec: flood.points / flood.seconds,
      replayPointsPerSec: all / replaySeconds,
      lagP50Ms: lagAt(0.5),
      lagP99Ms: lagAt(0.99),
      lags: sorted.length,
    };
  } finally {
    publisher.kill('SIGKILL');
    await leader?.close();
    await server.stop();
  }
}

type Scene = ReturnType<typeof makeScene>;

function makeScene(count: number) {
  const trials = Array.from({ length: count }, (_, index) =>
    trial(`a-${String(index).padStart(5, '0')}`, running()),
  );
  const interests = trials.map(() => ({ ...newTrial(NAMESPACE), metric: OBJECTIVE }));
  const pods = new Map<string, PodView[]>(
    interests.map((interest) => [interest.trialUid, [podOf(interest)]]),
  );
  const shown = trials.map((object, index) => ({
    ...object,
    metadata: { ...object.metadata, uid: interests[index]?.trialUid ?? '' },
  }));
  return { trials: shown, interests, pods };
}

async function lead(server: NatsServer, { interests, pods }: Scene): Promise<Leader> {
  const limits = { ...STREAM_LIMITS, maxBytes: MAX_BYTES / 2 };
  const leader = await startLeader(server, pods, { limits, checkMs: 5_000 });
  for (const interest of interests) leader.feed.follow(interest);
  return leader;
}

function pointsOf({ feed }: Leader, { interests }: Scene): number {
  return interests.reduce((sum, { trialUid }) => sum + (feed.view(trialUid)?.points ?? 0), 0);
}

/** All of them once: the folds tell, so that a point that is lost is not taken for a fast one. */
async function untilFolded(leader: Leader, scene: Scene, points: number): Promise<void> {
  await waitFor(() => leader.feed.isCaughtUp && pointsOf(leader, scene) === points, {
    what: `${points} points are folded`,
    timeoutMs: 300_000,
    pauseMs: 50,
    maxPauseMs: 100,
  });
}

async function measureLag(
  { feed }: Leader,
  { trials }: Scene,
  { steadySeconds, steadyPoints }: FeedOptions,
  tell: (task: PublisherTask) => Promise<PublisherResult>,
): Promise<readonly number[]> {
  const sweep = experiment();
  const metrics = new TrialMetrics({
    source: {
      experiments: () => [sweep],
      trialsOf: () => trials,
      viewOf: (trialUid) => feed.view(trialUid),
    },
    clock: realClock,
    maxSeries: 100_000,
    maxSeriesPerExperiment: 100_000,
    parameters: false,
  });
  metrics.leads(true);
  const page = await HealthServer.listen({
    host: '127.0.0.1',
    port: 0,
    whyNotReady: () => undefined,
    metrics: () => metrics.render(),
  });
  try {
    const { lagsMs } = await tell({
      kind: 'steady',
      seconds: steadySeconds,
      points: steadyPoints,
      page: `http://127.0.0.1:${page.port}/metrics`,
      pageEveryMs: PAGE_EVERY_MS,
    });
    return lagsMs;
  } finally {
    await page.close();
  }
}
