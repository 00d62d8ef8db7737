import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Trial } from '@espalier/api';
import { S3Artifacts } from '../../../controller/src/adapters/s3/s3-artifacts.ts';
import { dropSuperseded } from '../../../controller/src/adapters/s3/superseded.ts';
import { CALL, newScene, sha256, useStore, whyNoStore } from './rig.ts';

describe('superseded checkpoints in S3', { skip: whyNoStore() }, () => {
  const at = useStore();

  /** A Trial of two attempts, each of which stored a checkpoint every ten steps; best at step 20. */
  async function checkpointed() {
    const { experiment, trial, place } = newScene();
    const write = async (attempt: number, path: string, text: string = path) => {
      const key = at.keys.attemptFile({ ...place, attempt }, path);
      await at.store.put(key, Buffer.from(text), undefined, CALL);
    };
    const commit = async (attempt: number, step: number, name = `manifest-${step}.json`) => {
      const isEnd = name === 'manifest.json';
      const paths = ['points-0.jsonl', 'metrics.csv', 'checkpoint-20/model.safetensors'];
      if (!isEnd) {
        paths.push(`checkpoint-${step}/state.safetensors`);
        if (step !== 20) paths.push(`checkpoint-${step}/model.safetensors`);
      }
      for (const path of paths) await write(attempt, path);
      const files = paths.map((path) => ({ path, size: path.length, sha256: sha256(path) }));
      const manifest = {
        ...{ version: 1, trialUid: place.trialUid, attempt, step, epoch: 1 },
        ...{ best: { step: 20, epoch: 2, value: 0.5 }, resume: isEnd ? null : { step }, files },
      };
      await write(attempt, name, JSON.stringify(manifest));
    };
    const names = async () => {
      const root = at.keys.trialRoot(place);
      const found: string[] = [];
      for await (const page of at.store.list(root, CALL)) {
        found.push(...page.map(({ key }) => key.slice(root.length)));
      }
      return found.sort();
    };
    const drop = (attempt: number, kept: readonly number[] = []) =>
      dropSuperseded(at.store, at.keys, { ...place, attempt }, new Set(kept), CALL);
    return { experiment, trial, place, write, commit, names, drop };
  }
  const artifacts = () => new S3Artifacts(at.store, at.keys, async () => ({ conditions: true }));

  test('G8 U16 only what the newest complete manifest needs stays of checkpoints', async (t) => {
    const { experiment, trial, commit, write, names, drop } = await checkpointed();
    for (const step of [20, 30]) await commit(0, step);
    for (const step of [40, 50]) await commit(1, step);
    // The next one is on its way: its files are there, its manifest is not.
    await write(1, 'checkpoint-60/state.safetensors');
    const before = await names();
    const point = { trialUid: trial.metadata.uid, trialIndex: 0, attempt: 1, step: 50 };
    assert.deepEqual(await artifacts().resumePoint(experiment, trial, 2, CALL), point);
    const dropped = await drop(1);
    const tables = ['metrics.csv', 'points-0.jsonl'];
    assert.deepEqual(
      await names(),
      [
        ...tables.map((name) => `a0/${name}`),
        'a1/checkpoint-20/model.safetensors',
        'a1/checkpoint-50/model.safetensors',
        'a1/checkpoint-50/state.safetensors',
        'a1/checkpoint-60/state.safetensors',
        'a1/manifest-50.json',
        ...tables.map((name) => `a1/${name}`),
      ].sort(),
    );
    assert.deepEqual(await artifacts().resumePoint(experiment, trial, 2, CALL), point);
    assert.equal(dropped, before.length - (await names()).length);
    assert.equal(await drop(1), 0, 'again is done');
    await commit(1, 60, 'manifest.json');
    await drop(1);
    const store = artifacts();
    await store.inspect(experiment, trial, 1, CALL);
    const files = store.filesOf(trial, 1);
    assert.ok(files.kind === 'whole');
    assert.match(files.artifacts.checkpoint?.uri ?? '', /a1\/checkpoint-20\/model/);
    assert.equal((await names()).filter((name) => name.includes('checkpoint-')).length, 1);
    t.diagnostic(`files ${before.length}, dropped ${dropped}, needed and gone 0`);
  });

  test('G8 the checkpoint from which another trial is to start stays whole whatever its donor stores', async (t) => {
    const { experiment, trial, place, commit, names, drop } = await checkpointed();
    for (const step of [20, 30]) await commit(0, step);
    const donor = await artifacts().keepDonor(experiment, trial, 7, CALL);
    assert.deepEqual(donor, { step: 30, epoch: 1 });
    const child: Trial = {
      ...trial,
      metadata: { ...trial.metadata, name: 'a-00007', uid: randomUUID() },
      spec: {
        ...trial.spec,
        index: 7,
        parent: { trial: trial.metadata.name, uid: trial.metadata.uid, ...donor },
      },
    };
    const start = () => artifacts().resumePoint(experiment, child, 0, CALL);
    const wanted = { trialUid: trial.metadata.uid, trialIndex: 0, attempt: 0, step: 30 };
    await commit(0, 40);
    await commit(1, 50);
    await commit(1, 60, 'manifest.json');
    for (const attempt of [0, 1]) await drop(attempt, [30]);
    assert.deepEqual(await start(), wanted);
    const kept = (await names()).filter((name) => name.startsWith('a0/'));
    assert.ok(!kept.some((name) => name.includes('checkpoint-40')));
    await drop(1);
    assert.equal(await start(), undefined, 'never another checkpoint under that name');
    assert.equal(await artifacts().donorPoint(experiment, trial, CALL), undefined, 'it ended');
    t.diagnostic(`kept ${kept.length} files of step 30 of ${place.trialUid.slice(0, 8)}`);
  });

  test('G8 a manifest that is not complete makes nothing superfluous', async () => {
    const { place, commit, write, names, drop } = await checkpointed();
    await commit(0, 20);
    await commit(0, 30);
    await at.store.delete([at.keys.attemptFile(place, 'checkpoint-30/state.safetensors')], CALL);
    await write(0, 'manifest-40.json', '{"version":1');
    await write(0, 'manifest-50.json', JSON.stringify({ version: 1, trialUid: 'another' }));
    const before = await names();
    assert.equal(await drop(0), 0, 'the newest that is complete is the oldest of all');
    assert.deepEqual(await names(), before);
    assert.equal(await drop(1), 0, 'an attempt without any');
  });
});
