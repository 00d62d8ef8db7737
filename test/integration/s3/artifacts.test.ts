import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { S3Artifacts } from '../../../controller/src/adapters/s3/s3-artifacts.ts';
import { CALL, newScene, sha256, useStore, whyNoStore, writeAttempt } from './rig.ts';

const best = (value: number, configuration: number) => ({
  trial: `a-0000${configuration}`,
  configuration,
  value,
  step: 1,
  parameters: [],
});

describe('artifacts in S3', { skip: whyNoStore() }, () => {
  const at = useStore();
  const artifacts = (conditions = true) =>
    new S3Artifacts(at.store, at.keys, async () => ({ conditions }));
  const names = async (root: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of at.store.list(root, CALL)) {
      found.push(...page.map(({ key }) => key.slice(root.length)));
    }
    return found.sort();
  };

  test('G8 an attempt is whole only if every listed object has its size and sha256', async (t) => {
    const sha = '0'.repeat(64);
    const damages: Record<string, object | string> = {
      'a file that is gone': 'delete',
      'a file with other bytes': 'replace',
      'a file that is too short': 'shorten',
      'a path outside the attempt': { files: [{ path: '../../x', size: 1, sha256: sha }] },
      'another trial': { trialUid: 'another' },
      'another attempt': { attempt: 7 },
      'no manifest at all': { version: 2 },
    };
    for (const [what, damage] of Object.entries(damages)) {
      const { experiment, trial, place } = newScene();
      const store = artifacts();
      assert.equal(store.filesOf(trial, 0).kind, 'unknown');
      await store.inspect(experiment, trial, 0, CALL);
      assert.equal(store.filesOf(trial, 0).kind, 'none');
      const extra = typeof damage === 'object' ? damage : {};
      await writeAttempt(at.store, at.keys, place, { extra });
      const key = at.keys.attemptFile(place, 'metrics.csv');
      if (damage === 'delete') await at.store.delete([key], CALL);
      if (damage === 'replace') {
        await at.store.put(key, Buffer.from('METRICS.CSV OF 0'), undefined, CALL);
      }
      if (damage === 'shorten') await at.store.put(key, Buffer.from('x'), undefined, CALL);
      await store.inspect(experiment, trial, 0, CALL);
      assert.equal(store.filesOf(trial, 0).kind, 'damaged', what);
    }
    const { experiment, trial, place } = newScene();
    await writeAttempt(at.store, at.keys, place);
    const store = artifacts();
    await store.inspect(experiment, trial, 0, CALL);
    const files = store.filesOf(trial, 0);
    assert.ok(files.kind === 'whole');
    const folder = `s3://${at.store.bucket}/${at.keys.attemptRoot(place)}`;
    assert.equal(files.artifacts.checkpoint?.uri, `${folder}checkpoint-10/model.safetensors`);
    assert.equal(files.artifacts.log, undefined);
    store.forget(trial.metadata.uid);
    assert.equal(store.filesOf(trial, 0).kind, 'unknown');
    t.diagnostic(`damaged ${Object.keys(damages).length}, taken for whole 0`);
  });

  test('G8 of an attempt that was ended early the newest whole checkpoint counts', async () => {
    const { experiment, trial, place } = newScene();
    for (const step of [10, 20, 30]) {
      await writeAttempt(at.store, at.keys, place, { name: `manifest-${step}.json`, step });
    }
    const broken = at.keys.attemptFile(place, 'checkpoint-30/model.safetensors');
    await at.store.delete([broken], CALL);
    const store = artifacts();
    await store.inspect(experiment, trial, 0, CALL);
    const files = store.filesOf(trial, 0);
    assert.ok(files.kind === 'whole', files.kind);
    assert.deepEqual([files.manifest.step, files.artifacts.checkpoint?.step], [20, 20]);
  });

  test('a resume takes the newest whole checkpoint of earlier attempts, else the one of the parent', async () => {
    const { experiment, trial, place } = newScene();
    const write = (attempt: number, step: number) =>
      writeAttempt(
        at.store,
        at.keys,
        { ...place, attempt },
        { name: `manifest-${step}.json`, step },
      );
    await write(0, 10);
    await write(0, 20);
    await write(1, 15);
    const point = (next: number) => artifacts().resumePoint(experiment, trial, next, CALL);
    assert.equal(await point(0), undefined);
    const own = { trialUid: place.trialUid, trialIndex: 0 };
    assert.deepEqual(await point(2), { ...own, attempt: 0, step: 20 });
    const newest = at.keys.attemptFile(place, 'checkpoint-20/model.safetensors');
    await at.store.delete([newest], CALL);
    // The metrics.csv of both manifests is the same object, so step 15 and 10 stay whole.
    assert.deepEqual(await point(2), { ...own, attempt: 1, step: 15 });

    const child = newScene().trial;
    const parent = { trial: trial.metadata.name, uid: place.trialUid, step: 10 };
    const born = { ...child, spec: { ...child.spec, index: 1, parent } };
    const inherited = await artifacts().resumePoint(experiment, born, 0, CALL);
    assert.deepEqual(inherited, { ...own, attempt: 0, step: 10 });
  });

  test('G8 best.json moves to better values only, whatever a replaced leader still writes', async (t) => {
    const { experiment, place } = newScene();
    const key = at.keys.experimentFile(place.experiment, 'best.json');
    const stored = async () => JSON.parse(String((await at.store.get(key, 10_000, CALL))?.body));
    await Promise.all(
      [0.1, 0.9, 0.5, 0.7].map((value, i) =>
        artifacts().publishBest(experiment, best(value, i), CALL),
      ),
    );
    assert.equal((await stored()).value, 0.9);
    await artifacts().publishBest(experiment, best(0.8, 5), CALL);
    await artifacts().publishBest(experiment, best(0.9, 7), CALL);
    assert.equal((await stored()).configuration, 1);
    await artifacts().publishBest(experiment, best(0.9, 0), CALL);
    assert.equal((await stored()).configuration, 0);
    await at.store.put(key, Buffer.from('{"value":'), undefined, CALL);
    await artifacts().publishBest(experiment, best(0.2, 3), CALL);
    assert.equal((await stored()).value, 0.2);
    t.diagnostic('moves 7, backwards 0');
  });

  test('a store without conditions gets a key of its own for each best', async () => {
    const { experiment, place } = newScene();
    const store = artifacts(false);
    for (const value of [0.1, 0.2, 0.2]) await store.publishBest(experiment, best(value, 1), CALL);
    await store.publishTrials(experiment, 'a\n', CALL);
    const found = await names(at.keys.experimentRoot(place.experiment));
    assert.equal(found.length, 3);
    assert.equal(found.filter((name) => /^best-[0-9a-f]{64}\.json$/.test(name)).length, 2);
  });

  test('G10 dropping leaves CSVs and manifests; deleting everything leaves what is not ours', async () => {
    const { experiment, trial, place } = newScene();
    const other = newScene();
    for (const attempt of [0, 1]) await writeAttempt(at.store, at.keys, { ...place, attempt });
    await writeAttempt(at.store, at.keys, other.place);
    const store = artifacts();
    await store.publishTrials(experiment, 'a,b\n', CALL);
    await store.publishTrials(experiment, 'a,b\n', CALL);
    await store.publishTrials(experiment, 'a,b\n1,2\n', CALL);
    const root = at.keys.experimentRoot(place.experiment);
    const csv = await at.store.head(`${root}trials.csv`, CALL);
    assert.equal(csv?.sha256, sha256('a,b\n1,2\n'));
    const foreign = `${root}somebody's notes`;
    await at.store.put(foreign, Buffer.from('x'), undefined, CALL);
    for (const _again of [1, 2]) await store.dropCheckpoints(experiment, trial, CALL);
    const trialRoot = at.keys.trialRoot(place);
    assert.deepEqual(await names(trialRoot), [
      'a0/manifest.json',
      'a0/metrics.csv',
      'a1/manifest.json',
      'a1/metrics.csv',
    ]);
    for (const _again of [1, 2]) await store.deleteAll(experiment, CALL);
    assert.equal((await names(root)).length, 1);
    assert.equal((await names(at.keys.experimentRoot(other.place.experiment))).length, 3);
  });

  test('G10 deleting goes through every page of a listing', async (t) => {
    const isWhole = process.env['ESPALIER_TEST_ALL'] === '1';
    const count = isWhole ? 1_005 : 25;
    const { experiment, place } = newScene();
    const paths = Array.from({ length: count }, (_, seq) => `points-${seq}.jsonl`);
    const put = async (path: string): Promise<void> => {
      await at.store.put(at.keys.attemptFile(place, path), Buffer.from(path), undefined, CALL);
    };
    while (paths.length > 0) await Promise.all(paths.splice(0, 15).map(put));
    const root = at.keys.experimentRoot(place.experiment);
    const store = new ObjectStore({ ...at.options, ...(isWhole ? {} : { pageSize: 10 }) });
    t.after(() => store.close());
    let pages = 0;
    for await (const page of store.list(root, CALL)) pages += Math.min(page.length, 1);
    assert.equal(pages, isWhole ? 2 : 3);
    await new S3Artifacts(store, at.keys, async () => ({ conditions: true })).deleteAll(
      experiment,
      CALL,
    );
    assert.deepEqual(await names(root), []);
    t.diagnostic(`pages ${pages}, objects ${count}, left 0`);
  });
});
