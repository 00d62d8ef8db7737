import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  type AttemptAddress,
  attemptName,
  type TrainerAnswer,
  type TrainerRequest,
} from '@espalier/api';
import type { NatsConnection } from 'nats';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { ArtifactKeys, type AttemptPlace } from '../../../controller/src/domain/artifacts/keys.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectTrainer, connectWitness } from './clients.ts';
import { endedAt, send } from './feed-rig.ts';
import { ask, type LeadingStreams, leadStreams, type Scene, StaticCluster } from './streams-rig.ts';

const CALL = { signal: new AbortController().signal };
const keys = new ArtifactKeys('espalier');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const upload = (path: string, body: string, size = body.length): TrainerRequest => {
  return { kind: 'upload', path, size, sha256: sha256(body) };
};
const reasonOf = (answer: TrainerAnswer) =>
  answer.kind === 'refused' ? answer.reason : answer.kind;

describe('answers to trainers, on real servers', { skip: whyNoTools(), timeout: 120_000 }, () => {
  let nats: NatsServer;
  let s3: Versitygw;
  let objects: ObjectStore;
  let cluster: StaticCluster;
  let witness: NatsConnection;
  const leading: LeadingStreams[] = [];
  const trainers = new Map<string, NatsConnection>();
  const outcome = watchOutcome();

  before(async () => {
    nats = await startNatsServer();
    s3 = await startVersitygw();
    const { url, bucket, region, credentials } = s3;
    objects = new ObjectStore({ endpoint: url, bucket, region, credentials, pathStyle: true });
    cluster = new StaticCluster();
    witness = await connectWitness(nats);
  });
  afterEach(async () => {
    for (const streams of leading.splice(0)) await streams.stop();
  });
  after(async () => {
    await witness?.close();
    for (const connection of trainers.values()) await connection.close();
    objects?.close();
    await nats?.stop(outcome);
    await s3?.stop(outcome);
  });

  const lead = async (more: Parameters<typeof leadStreams>[2] = {}): Promise<LeadingStreams> => {
    const streams = await leadStreams(cluster, { nats, s3 }, more);
    leading.push(streams);
    await waitFor(() => streams.facts.isCaughtUp, { what: 'the leader has caught up' });
    return streams;
  };
  const trainerOf = async (from: AttemptAddress): Promise<NatsConnection> => {
    const name = `${from.namespace}/${attemptName(from)}`;
    const connection = trainers.get(name) ?? (await connectTrainer(nats, from));
    trainers.set(name, connection);
    return connection;
  };
  const asking = async (from: AttemptAddress, request: TrainerRequest | string) =>
    ask(await trainerOf(from), from, request);
  const addressOf = ({ namespace, trialUid }: Scene, attempt = 0) => {
    return { namespace, trialUid, attempt };
  };
  const placeOf = ({ experiment, trialUid }: Scene, attempt = 0): AttemptPlace => {
    const { namespace, name, uid } = experiment.metadata;
    return { experiment: { namespace, name, uid }, index: 0, trialUid, attempt };
  };
  const put = (answer: TrainerAnswer, body: string) => {
    assert.ok(answer.kind === 'upload');
    return fetch(answer.url, { method: 'PUT', headers: answer.headers, body }).then(
      async (reply) => {
        await reply.arrayBuffer();
        return reply.status;
      },
    );
  };
  const get = (answer: TrainerAnswer) => {
    assert.ok(answer.kind === 'read', JSON.stringify(answer));
    return fetch(answer.url, { headers: answer.headers }).then((reply) => reply.text());
  };

  test('G13 an attempt stores its files by URLs that its quota covers, also under the next leader', async (t) => {
    const scene = cluster.add();
    const own = addressOf(scene);
    const first = await lead({ quotaBytes: 100 });
    const answer = await asking(own, upload('metrics.csv', 'x'.repeat(60)));
    assert.equal(await put(answer, 'x'.repeat(60)), 200);
    assert.equal(
      (await objects.head(keys.attemptFile(placeOf(scene), 'metrics.csv'), CALL))?.size,
      60,
    );
    const refusals: Record<string, TrainerRequest | string> = {
      QuotaExceeded: upload('steps.csv', 'y'.repeat(41)),
      InvalidPath: upload('../a1/log.txt', 'x'),
      InvalidRequest: '{"kind":"delete"}',
    };
    for (const [reason, request] of Object.entries(refusals)) {
      assert.equal(reasonOf(await asking(own, request)), reason);
    }
    assert.equal(reasonOf(await asking(own, upload('steps.csv', 'y'.repeat(40)))), 'upload');
    await first.stop();
    leading.splice(0);
    const second = await lead({ quotaBytes: 100 });
    assert.equal(
      reasonOf(await asking(own, upload('steps.csv', 'y'.repeat(41)))),
      'QuotaExceeded',
      'what lies in the store counts for a new leader',
    );
    assert.equal(reasonOf(await asking(own, upload('steps.csv', 'y'.repeat(40)))), 'upload');
    for (const streams of [first, second]) {
      assert.equal(JSON.stringify(streams.log).includes('X-Amz'), false, 'a signed URL was logged');
    }
    t.diagnostic(`stored 1, refused ${Object.keys(refusals).length + 1}, wrong 0`);
  });

  test('G13 who has ended, is not known or belongs elsewhere gets nothing', async (t) => {
    await lead();
    const scene = cluster.add();
    cluster.setPods(scene, { end: endedAt(Date.now()) }, {});
    const request = upload('log.txt', 'x');
    const refused: Record<string, AttemptAddress> = {
      AttemptEnded: addressOf(scene, 0),
      OtherNamespace: { ...addressOf(scene, 1), namespace: 'team-b' },
    };
    for (const [reason, from] of Object.entries(refused)) {
      for (const asked of [request, { kind: 'inputs' }, { kind: 'sync' }] as const) {
        assert.equal(reasonOf(await asking(from, asked)), reason);
      }
    }
    assert.equal(reasonOf(await asking(addressOf(scene, 1), request)), 'upload');
    const later = addressOf(scene, 2);
    assert.equal(reasonOf(await asking(later, request)), 'later');
    cluster.setPods(scene, { end: endedAt(1) }, { end: endedAt(2) }, { deletingSinceMs: 3 });
    assert.equal(reasonOf(await asking(later, request)), 'upload', 'it still saves');
    t.diagnostic('refused 6, told to ask later 1, wrong 0');
  });

  test('G13 an attempt reads its data set and its checkpoint, and nothing else', async (t) => {
    await lead();
    const digits = keys.dataSet('team-a', 'digits.tar');
    await objects.put(digits, Buffer.from('a tar'), undefined, CALL);
    const scene = cluster.add({ data: { s3: { key: 'digits.tar' } } });
    const own = addressOf(scene, 0);
    assert.equal(reasonOf(await asking(own, { kind: 'inputs' })), 'DataNotFound');
    await objects.put(`${digits}.sha256`, Buffer.from(`${sha256('a tar')}\n`), undefined, CALL);
    const data = { size: 5, sha256: sha256('a tar') };
    assert.deepEqual(await asking(own, { kind: 'inputs' }), {
      kind: 'inputs',
      data,
      resume: null,
    });
    assert.equal(await get(await asking(own, { kind: 'read', source: 'data', path: '' })), 'a tar');
    assert.equal(
      reasonOf(await asking(own, { kind: 'read', source: 'resume', path: 'manifest-10.json' })),
      'NotAnInput',
    );

    const path = 'checkpoint-10/model.safetensors';
    const manifest = JSON.stringify({
      ...{ version: 1, trialUid: scene.trialUid, attempt: 0, step: 10, epoch: 1, best: null },
      resume: { step: 10 },
      files: [{ path, size: 3, sha256: sha256('abc') }],
    });
    const from = placeOf(scene, 0);
    await objects.put(keys.attemptFile(from, path), Buffer.from('abc'), undefined, CALL);
    await objects.put(
      keys.attemptFile(from, 'log.txt'),
      Buffer.from('not listed'),
      undefined,
      CALL,
    );
    await objects.put(
      keys.attemptFile(from, 'manifest-10.json'),
      Buffer.from(manifest),
      undefined,
      CALL,
    );
    const resumeFrom = { trialUid: scene.trialUid, trialIndex: 0, attempt: 0, step: 10 };
    cluster.setPods(scene, { end: endedAt(1) }, { resumeFrom });
    const next = addressOf(scene, 1);
    const inputs = await asking(next, { kind: 'inputs' });
    assert.deepEqual(inputs, {
      kind: 'inputs',
      data,
      resume: { manifest: 'manifest-10.json', size: manifest.length, sha256: sha256(manifest) },
    });
    const read = (name: string) => asking(next, { kind: 'read', source: 'resume', path: name });
    assert.equal(await get(await read('manifest-10.json')), manifest);
    assert.equal(await get(await read(path)), 'abc');
    const denied = [
      'log.txt',
      'manifest.json',
      '',
      '../a1/manifest-10.json',
      'checkpoint-10/state.safetensors',
    ];
    for (const name of denied) assert.equal(reasonOf(await read(name)), 'NotAnInput', name);
    const forged = { ...resumeFrom, trialIndex: 999_999_999_999 };
    cluster.setPods(scene, { end: endedAt(1) }, { resumeFrom: forged });
    assert.equal(reasonOf(await asking(next, { kind: 'inputs' })), 'CheckpointNotFound');
    cluster.setPods(scene, { end: endedAt(1) }, { resumeFrom: { ...resumeFrom, step: 11 } });
    assert.equal(reasonOf(await asking(next, { kind: 'inputs' })), 'CheckpointNotFound');
    t.diagnostic(`read 3, denied ${denied.length + 1}, wrong 0`);
  });

  test('G13 a profile shares keys of the bucket, but none of another namespace', async (t) => {
    await lead();
    const profile = (dataPrefixes: string[]) => ({ spec: { dataPrefixes } });
    const other = keys.dataSet('team-b', 'secret.tar');
    const tried: Record<string, { key: string; prefixes: string[]; want: string }> = {
      shared: { key: 'shared/a.tar', prefixes: ['shared'], want: 'inputs' },
      'not shared': { key: 'shared/a.tar', prefixes: [], want: 'DataNotFound' },
      foreign: { key: other, prefixes: ['espalier'], want: 'DataNotAllowed' },
      'foreign and not shared': { key: other, prefixes: [], want: 'DataNotFound' },
    };
    for (const key of ['shared/a.tar', other]) {
      await objects.put(key, Buffer.from('a tar'), undefined, CALL);
      await objects.put(`${key}.sha256`, Buffer.from(`${sha256('a tar')}\n`), undefined, CALL);
    }
    for (const [name, { key, prefixes, want }] of Object.entries(tried)) {
      cluster.profiles.set('team-a/gpu', profile(prefixes));
      const scene = cluster.add({ data: { s3: { key } }, trainer: { profile: 'gpu' } });
      const answer = await asking(addressOf(scene), { kind: 'inputs' });
      assert.equal(reasonOf(answer), want, name);
    }
    t.diagnostic('read 1, denied 3, wrong 0');
  });

  test('G7 sync tells how much of what was sent has arrived', async () => {
    const streams = await lead();
    const scene = cluster.add();
    const own = addressOf(scene);
    const { trialUid, namespace } = scene;
    const sync = () => asking(own, { kind: 'sync' });
    streams.feed.follow({
      ...{ trialUid, namespace, experimentUid: scene.experiment.metadata.uid, trialName: 'x' },
      ...{ metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [] },
    });
    const point = (seq: number) => ({ seq, step: seq, epoch: 1, values: { acc: 0.5 }, time: 0 });
    const none = { kind: 'sync', contiguousTo: -1, hasStarted: false, hasFinished: false };
    assert.deepEqual(await sync(), none);
    await send(witness, own, { kind: 'started', time: 0, firstSeq: 5, resumedStep: 50 });
    await send(witness, own, { kind: 'points', points: [5, 6, 8].map(point) });
    await waitFor(() => streams.feed.view(trialUid)?.points === 3, { what: '3 points are there' });
    const some = { ...none, hasStarted: true, contiguousTo: 6 };
    assert.deepEqual(await sync(), some);
    await send(witness, own, { kind: 'points', points: [point(7)] });
    await send(witness, own, { kind: 'finished', time: 0, lastSeq: 8, digest: '0'.repeat(16) });
    await waitFor(async () => reasonOf(await sync()) === 'sync' && (await sync()), {
      what: 'it is told',
    });
    await waitFor(
      async () => {
        const answer = await sync();
        return answer.kind === 'sync' && answer.hasFinished && answer.contiguousTo === 8;
      },
      { what: 'all of it is there' },
    );
  });
});
