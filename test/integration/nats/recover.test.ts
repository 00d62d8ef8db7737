import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  addToDigest,
  EMPTY_DIGEST,
  formatDigest,
  type Point,
  type ReportLine,
  type TrialStatus,
} from '@espalier/api';
import type { NatsConnection } from 'nats';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { S3Artifacts } from '../../../controller/src/adapters/s3/s3-artifacts.ts';
import { ArtifactKeys } from '../../../controller/src/domain/artifacts/keys.ts';
import { trialSnapshot } from '../../../controller/src/domain/testing/builders.ts';
import type { FeedView } from '../../../controller/src/domain/trial/feed-view.ts';
import { planTrial } from '../../../controller/src/domain/trial/plan.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectWitness } from './clients.ts';
import { endedAt, send, stateOf } from './feed-rig.ts';
import { type LeadingStreams, leadStreams, type Scene, StaticCluster } from './streams-rig.ts';

const CALL = { signal: new AbortController().signal };
const keys = new ArtifactKeys('espalier');
const POINTS = process.env['ESPALIER_TEST_ALL'] === '1' ? 200_000 : 3_000;
const SEGMENTS = 3;

/** A curve with its best in the middle, which a tail alone would not show. */
const pointOf = (seq: number, attempt = 0): Point => ({
  seq,
  step: seq + 1,
  epoch: Math.floor(seq / 100),
  values: {
    acc: Math.sin((seq / POINTS) * Math.PI) - attempt / 100,
    loss: seq % 7 === 0 ? Number.NaN : 1 / (seq + 1),
  },
  time: seq,
});
const range = (from: number, to: number, attempt = 0) =>
  Array.from({ length: to - from }, (_, i) => pointOf(from + i, attempt));
const csvOf = (points: readonly Point[]) =>
  points
    .map(({ seq, step, epoch, values }) => [seq, step, epoch, values['acc'], values['loss']].join())
    .join('\n');

describe('reports that the stream lost come from S3', {
  skip: whyNoTools(),
  timeout: 300_000,
}, () => {
  let nats: NatsServer;
  let s3: Versitygw;
  let objects: ObjectStore;
  let witness: NatsConnection;
  let cluster: StaticCluster;
  const leading: LeadingStreams[] = [];
  const outcome = watchOutcome();

  before(async () => {
    nats = await startNatsServer();
    s3 = await startVersitygw();
    const { url, bucket, region, credentials } = s3;
    objects = new ObjectStore({ endpoint: url, bucket, region, credentials, pathStyle: true });
    witness = await connectWitness(nats);
  });
  afterEach(async () => {
    for (const streams of leading.splice(0)) await streams.stop();
  });
  after(async () => {
    await witness?.close();
    objects?.close();
    await nats?.stop(outcome);
    await s3?.stop(outcome);
  });

  const lead = async (scene: Scene): Promise<LeadingStreams> => {
    const streams = await leadStreams(cluster, { nats, s3 });
    leading.push(streams);
    streams.feed.follow({
      ...{ trialUid: scene.trialUid, namespace: scene.namespace, trialName: 'x' },
      ...{ experimentUid: scene.experiment.metadata.uid, metric: 'acc', goal: 'maximize' },
      ...{ resource: 'epoch', milestones: [1, 2, 4] },
    });
    await waitFor(() => streams.facts.isCaughtUp, { what: 'the leader has caught up' });
    return streams;
  };
  const newScene = (): Scene => {
    cluster = new StaticCluster();
    return cluster.add({ deadlines: { metrics: '2m' } });
  };

  /** Reports as a trainer does, in batches. */
  const report = async (scene: Scene, attempt: number, own: readonly Point[]): Promise<void> => {
    const address = { namespace: scene.namespace, trialUid: scene.trialUid, attempt };
    const firstSeq = own[0]?.seq ?? 0;
    await send(witness, address, {
      kind: 'started',
      time: 0,
      firstSeq,
      resumedStep: firstSeq,
      epochs: 30,
    });
    for (let from = 0; from < own.length; from += 1_000) {
      await send(witness, address, { kind: 'points', points: own.slice(from, from + 1_000) });
    }
  };
  const finish = (scene: Scene, attempt: number, own: readonly Point[]): Promise<void> => {
    const digest = formatDigest(own.reduce(addToDigest, EMPTY_DIGEST));
    const line: ReportLine = { kind: 'finished', time: 0, lastSeq: own.at(-1)?.seq ?? -1, digest };
    return send(witness, { namespace: scene.namespace, trialUid: scene.trialUid, attempt }, line);
  };

  /** Stores the record of the whole trajectory and the manifest that lists it. */
  const store = async (scene: Scene, attempt: number, all: readonly Point[]): Promise<void> => {
    const { experiment, trialUid } = scene;
    const { namespace, name, uid } = experiment.metadata;
    const place = { experiment: { namespace, name, uid }, index: 0, trialUid, attempt };
    const files: { path: string; size: number; sha256: string }[] = [];
    const put = async (path: string, text: string, isListed = true): Promise<void> => {
      const body = Buffer.from(text);
      const sha256 = createHash('sha256').update(body).digest('hex');
      if (isListed) files.push({ path, size: body.length, sha256 });
      await objects.put(keys.attemptFile(place, path), body, undefined, CALL);
    };
    const each = Math.ceil(all.length / SEGMENTS);
    for (let from = 0; from < all.length; from += each) {
      const some = all.slice(from, from + each);
      const lines = some.map((point) =>
        JSON.stringify(point, (_, value) => (Number.isNaN(value) ? 'NaN' : value)),
      );
      await put(`points-${some[0]?.seq}.jsonl`, `${lines.join('\n')}\n`);
    }
    await put('metrics.csv', csvOf(all));
    const manifest = {
      version: 1,
      trialUid,
      attempt,
      step: 1,
      epoch: 1,
      best: null,
      resume: null,
      files,
    };
    await put('manifest.json', JSON.stringify(manifest), false);
  };

  /** Plans and executes as the reconciler does, until there is something to record. */
  const count = async (
    streams: LeadingStreams,
    scene: Scene,
  ): Promise<{ status: TrialStatus; done: string[] }> => {
    const { trial, experiment, trialUid } = scene;
    const done: string[] = [];
    const pods = cluster.pods.get(trialUid) ?? [];
    const attempt = pods.at(-1)?.attempt ?? 0;
    const status: TrialStatus = {
      phase: 'Running',
      rungs: [],
      attempts: pods.map(({ attempt: number }): TrialStatus['attempts'][number] =>
        number === attempt ? { number } : { number, outcome: 'Disrupted', reason: 'Disrupted' },
      ),
    };
    for (;;) {
      const feed = streams.feed.view(trialUid);
      const snapshot = trialSnapshot({
        ...{ trial: { ...trial, status }, experiment, pods, feed, followedSinceMs: 0 },
        files: streams.artifacts.filesOf(trial, attempt),
      });
      // Past the time that late reports are given.
      const plan = planTrial(snapshot, Date.now() + 10_000);
      for (const action of plan.actions) {
        if (action.kind === 'release-pod') continue;
        done.push(action.kind);
        if (action.kind === 'inspect')
          await streams.artifacts.inspect(experiment, trial, attempt, CALL);
        if (action.kind === 'recover')
          await streams.recovery?.recover(experiment, trial, attempt, CALL);
      }
      if (plan.change !== undefined) return { status: plan.change.status, done };
      assert.ok(plan.actions.length > 0, `it only waits: ${JSON.stringify({ done, feed })}`);
    }
  };
  const end = (scene: Scene, ...before: object[]) => {
    cluster.setPods(scene, ...before, { end: endedAt(Date.now()) });
  };
  const loseStream = async (): Promise<void> => {
    await (await witness.jetstreamManager()).streams.delete('ESPALIER');
  };
  const rebuilt = async (scene: Scene, attempt: number): Promise<Point[]> => {
    const artifacts = new S3Artifacts(objects, keys, async () => ({ conditions: true }));
    await artifacts.inspect(scene.experiment, scene.trial, attempt, CALL);
    const points: Point[] = [];
    for await (const batch of artifacts.record(scene.experiment, scene.trial, attempt, CALL))
      points.push(...batch);
    return points;
  };
  /** What a planner decides upon. */
  const essence = (view: FeedView | undefined) => {
    const { best, last, milestones, lastStep, lastEpoch, epochs, complete, isWhole } =
      stateOf(view);
    return { best, last, milestones, lastStep, lastEpoch, epochs, complete, isWhole };
  };

  test('F13 G7 a stream that is deleted after the end and before it was counted costs nothing', async (t) => {
    const scene = newScene();
    const all = range(0, POINTS);
    const calm = await lead(scene);
    await report(scene, 0, all);
    await finish(scene, 0, all);
    await waitFor(() => calm.feed.view(scene.trialUid)?.complete, { what: 'all is there' });
    await store(scene, 0, all);
    end(scene);
    const want = await count(calm, scene);
    assert.deepEqual(want.done, ['inspect'], 'nothing is read again that was heard');
    const wantView = essence(calm.feed.view(scene.trialUid));
    await calm.stop();
    leading.splice(0);

    await loseStream();
    const next = await lead(scene);
    assert.equal(next.feed.view(scene.trialUid)?.points, 0);
    const got = await count(next, scene);
    assert.deepEqual(got.done, ['inspect', 'recover']);
    assert.deepEqual(got.status, want.status);
    const { epochs: _, ...state } = wantView;
    assert.deepEqual(essence(next.feed.view(scene.trialUid)), { ...state, epochs: undefined });
    assert.equal(next.facts.feed?.recovered, POINTS);
    assert.equal(csvOf(await rebuilt(scene, 0)), csvOf(all));
    t.diagnostic(
      `points sent ${POINTS}, folded ${next.feed.view(scene.trialUid)?.points} after rebuild, lost 0, wrong 0; value ${got.status.observation?.value}`,
    );
  });

  test('F12 G7 the lost reports of an earlier attempt are in the record of the last one', async (t) => {
    const scene = newScene();
    const half = Math.floor(POINTS / 2);
    // The first attempt went beyond the checkpoint: what it did there is done again, a little worse.
    const first = range(0, half + 50);
    const second = range(half, POINTS, 1);
    const record = [...range(0, half), ...second];
    const early = await lead(scene);
    await report(scene, 0, first);
    await waitFor(() => early.feed.view(scene.trialUid)?.points === first.length, {
      what: 'it is there',
    });
    await early.stop();
    leading.splice(0);
    await loseStream();
    cluster.setPods(scene, { end: endedAt(Date.now()) }, {});
    const next = await lead(scene);
    await report(scene, 1, second);
    await finish(scene, 1, second);
    await waitFor(() => next.feed.view(scene.trialUid)?.points === second.length, {
      what: 'it is there',
    });
    const before = next.feed.view(scene.trialUid);
    assert.deepEqual(before?.milestones, [], 'no milestone has the value of a later point');
    assert.equal(before?.complete, false, 'what the first attempt reported is missing');
    await store(scene, 1, record);
    end(scene, { end: endedAt(Date.now()) });
    const got = await count(next, scene);
    assert.deepEqual(got.done, ['inspect', 'recover']);
    const best = record.reduce((a, b) => ((b.values['acc'] ?? 0) > (a.values['acc'] ?? 0) ? b : a));
    assert.equal(got.status.observation?.value, best.values['acc']);
    assert.equal(got.status.observation?.step, best.step);
    const view = next.feed.view(scene.trialUid);
    assert.deepEqual(
      view?.milestones,
      [1, 2, 4].map((milestone) => ({ milestone, value: pointOf(milestone * 100).values['acc'] })),
    );
    assert.equal(csvOf(await rebuilt(scene, 1)), csvOf(record));
    t.diagnostic(
      `points sent ${first.length + second.length}, in the record ${record.length}, folded ${view?.points} after rebuild, lost 0, wrong 0`,
    );
  });

  test('G7 G8 a record that is damaged, or poorer than what was heard, changes nothing', async (t) => {
    const scene = newScene();
    const all = range(0, POINTS);
    const streams = await lead(scene);
    await report(scene, 0, all.slice(0, 2_000));
    await waitFor(() => streams.feed.view(scene.trialUid)?.points === 2_000, {
      what: 'it is there',
    });
    const heard = essence(streams.feed.view(scene.trialUid));
    await store(scene, 0, all.slice(0, 1_500));
    end(scene);
    const { experiment, trial, trialUid } = scene;
    await streams.artifacts.inspect(experiment, trial, 0, CALL);
    await streams.recovery?.recover(experiment, trial, 0, CALL);
    assert.deepEqual(essence(streams.feed.view(trialUid)), heard, 'it ends earlier');
    assert.equal(streams.feed.view(trialUid)?.canRecover, false, 'and is read once');

    const { namespace, name, uid } = experiment.metadata;
    const place = { experiment: { namespace, name, uid }, index: 0, trialUid, attempt: 0 };
    const key = keys.attemptFile(place, 'points-0.jsonl');
    const body = (await objects.get(key, 1e9, CALL))?.body;
    assert.ok(body !== undefined);
    const damages: Record<string, Buffer> = {
      'other bytes': Buffer.from(body.toString().replace('"step":1,', '"step":2,')),
      'no points': Buffer.alloc(body.length, 'x\n'),
      'one endless line': Buffer.alloc(body.length, 'x'),
    };
    for (const [what, bytes] of Object.entries(damages)) {
      await objects.put(key, body, undefined, CALL);
      await streams.artifacts.inspect(experiment, trial, 0, CALL);
      assert.equal(streams.artifacts.filesOf(trial, 0).kind, 'whole');
      // After the look, so that only the reading can tell.
      await objects.put(key, bytes, undefined, CALL);
      await assert.rejects(
        async () => streams.recovery?.recover(experiment, trial, 0, CALL),
        /points-0/,
        what,
      );
      assert.equal(streams.artifacts.filesOf(trial, 0).kind, 'damaged', what);
      assert.deepEqual(essence(streams.feed.view(trialUid)), heard, what);
    }
    await objects.delete([key], CALL);
    t.diagnostic(`damaged ${Object.keys(damages).length}, poorer 1, folded 0`);
  });
});
