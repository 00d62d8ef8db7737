import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Clock } from '../../../controller/src/ports/telemetry.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { startTcpProxy, type TcpProxy } from '../../kit/tcp-proxy.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectWitness } from './clients.ts';
import { realClock, send } from './feed-rig.ts';
import { type LeadingStreams, leadStreams, type Scene, StaticCluster } from './streams-rig.ts';

/** Minutes pass in seconds; the servers have clocks of their own. */
const SPEED = 30;
const startMs = Date.now();
const fastClock: Clock = {
  now: () => startMs + (Date.now() - startMs) * SPEED,
  monotonic: () => performance.now() * SPEED,
  sleep: (ms, options) => realClock.sleep(ms / SPEED, options),
};

describe('servers that are away, told to Experiments', {
  skip: whyNoTools(),
  timeout: 120_000,
}, () => {
  let nats: NatsServer;
  let s3: Versitygw;
  let proxy: TcpProxy;
  const cluster = new StaticCluster();
  let scene: Scene;
  const leading: LeadingStreams[] = [];
  const outcome = watchOutcome();

  before(async () => {
    nats = await startNatsServer({ started: false });
    s3 = await startVersitygw();
    proxy = await startTcpProxy({ port: Number(new URL(s3.url).port) });
    scene = cluster.add();
  });
  afterEach(async () => {
    for (const streams of leading.splice(0)) await streams.stop();
  });
  after(async () => {
    await nats?.stop(outcome);
    await proxy?.close();
    await s3?.stop(outcome);
  });

  const lead = async (): Promise<{ streams: LeadingStreams; seen: string[][] }> => {
    const streams = await leadStreams(
      cluster,
      { nats, s3 },
      { clock: fastClock, s3Url: `http://127.0.0.1:${proxy.port}` },
    );
    leading.push(streams);
    const seen: string[][] = [];
    streams.health.onChange(() => seen.push(reasons(streams)));
    const { trialUid, namespace, experiment } = scene;
    streams.feed.follow({
      ...{ trialUid, namespace, experimentUid: experiment.metadata.uid, trialName: 'x' },
      ...{ metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [] },
    });
    return { streams, seen };
  };
  const reasons = ({ health }: LeadingStreams) => health.troubles.map(({ reason }) => reason);
  const tells = (streams: LeadingStreams, ...want: string[]) =>
    waitFor(() => JSON.stringify(reasons(streams)) === JSON.stringify(want), {
      what: `it tells ${want}`,
    });

  test('F10 F15 both away at the start: the controller starts, tells, and goes on when they come', async (t) => {
    proxy.set({ refusing: true });
    const { streams, seen } = await lead();
    await tells(streams, 'MetricsStreamUnavailable', 'ArtifactStoreUnavailable');
    assert.deepEqual(
      [streams.facts.isNatsConnected, streams.facts.isStoreAnswering],
      [false, false],
    );
    // The store is asked when it is needed, and answers by then or not: nothing waits for it.
    await nats.start();
    proxy.set({ refusing: false });
    await tells(streams);
    assert.deepEqual(seen.at(-1), []);
    const { experiment } = scene;
    await streams.artifacts.publishTrials(experiment, 'a,b\n', {
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(streams.facts.isStoreAnswering, true);
    t.diagnostic(`told ${JSON.stringify(seen)}`);
  });

  test('F13 a stream that is deleted, and one that is purged, show until they are whole again', async (t) => {
    const { streams, seen } = await lead();
    await waitFor(() => streams.facts.isCaughtUp, { what: 'it has caught up' });
    const witness = await connectWitness(nats);
    t.after(() => witness.close());
    const address = { namespace: scene.namespace, trialUid: scene.trialUid, attempt: 0 };
    const point = (seq: number) => ({ seq, step: seq, epoch: 1, values: { acc: 1 }, time: 0 });
    const manager = await witness.jetstreamManager();
    for (const harm of ['delete', 'purge'] as const) {
      const before = seen.length;
      await send(witness, address, { kind: 'points', points: [point(before)] });
      await manager.streams[harm]('ESPALIER');
      // A slow machine may take the making of the stream for an outage of its own.
      const since = () => seen.slice(before);
      await waitFor(() => since().some((told) => told.includes('MetricsStreamLost')), {
        what: `the ${harm} is told`,
      });
      await waitFor(() => since().at(-1)?.length === 0, { what: `the ${harm} is over` });
    }
    assert.deepEqual(streams.health.troubles, []);
    t.diagnostic('harmed 2 times, told 2 times, over 2 times');
  });
});
