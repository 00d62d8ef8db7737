import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tarFile } from '../../../courier/src/testing/tar-file.ts';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { whyNoTools } from '../../kit/tools.ts';
import type { Scene } from '../nats/streams-rig.ts';
import { CALL } from '../s3/rig.ts';
import { ALL_ARRIVED, type Attempt } from './attempt.ts';
import { placeOf, useInstallation } from './rig.ts';

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const COURIER = join(import.meta.dirname, '../../../courier/bin/espalier-courier');

describe('inputs on their way into a pod', { skip: whyNoTools() }, () => {
  const at = useInstallation();
  /** Stores a data set as `espalier data push` does: the digest last. */
  const pushData = async (key: string, archive: Buffer, digest = sha256(archive)) => {
    const place = `espalier/team-a/datasets/${key}`;
    await at.store.put(place, archive, undefined, CALL);
    await at.store.put(`${place}.sha256`, Buffer.from(`${digest}\n`), undefined, CALL);
    return at.cluster.add({ data: { s3: { key } } });
  };
  const fetchAs = (attempt: Attempt, env: Record<string, string> = {}, args: string[] = []) =>
    startProcess({
      command: COURIER,
      args: ['fetch', ...args],
      env: { ...attempt.environment(at.nats.port), ...env },
      logFile: attempt.at('courier.log'),
    });
  const exitOf = async (fetching: Promise<OwnProcess>) => (await (await fetching).ended).exitCode;
  const filesBelow = (folder: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== '.espalier-input')
        .map(({ parentPath, name }) => join(parentPath, name))
        .map((path) => [path.slice(folder.length + 1), sha256(readFileSync(path))]),
    );

  // Text, so that the proxy can change it.
  const contents = {
    'train/a.bin': Buffer.from(randomBytes(350_000).toString('hex')),
    'train/b.bin': Buffer.from('abc'),
  };
  const archive = tarFile(Object.entries(contents).map(([name, body]) => ({ name, body })));
  const wanted = Object.fromEntries(Object.entries(contents).map(([k, v]) => [k, sha256(v)]));

  test('F15 data arrives whole though the store cuts, refuses and changes what it sends', async (t) => {
    const scene = await pushData('digits.tar', archive);
    const attempt = await at.newAttempt(scene);
    const match = {
      methods: ['GET'],
      path: /digits\.tar\?/,
      where: ({ path }: { path: string }) => path.includes('X-Amz-Signature'),
    };
    const before = at.proxy.requests.length;
    at.proxy.addRule({ match, fault: { kind: 'answer', status: 503, body: '' }, times: 1 });
    at.proxy.addRule({
      match,
      fault: { kind: 'truncate', afterBytes: 100_000 },
      skip: 1,
      times: 3,
    });
    at.proxy.addRule({ match, fault: { kind: 'cut', point: 'before' }, skip: 4, times: 1 });
    const spoil = (text: string) => text.replaceAll('a', 'b');
    at.proxy.addRule({ match, fault: { kind: 'rewrite', response: spoil }, skip: 5, times: 1 });
    assert.equal(
      await exitOf(fetchAs(attempt)),
      0,
      readFileSync(attempt.at('courier.log'), 'utf8'),
    );
    assert.deepEqual(filesBelow(attempt.at('data')), wanted);
    const gets = at.proxy.requests
      .slice(before)
      .filter(({ path }) => match.path.test(path) && match.where({ path }));
    at.proxy.clearRules();
    assert.equal(await exitOf(fetchAs(attempt)), 0, 'a second run finds its work done');
    t.diagnostic(`bytes ${archive.length}, gets ${gets.length}, lost 0, wrong 0`);
    assert.ok(gets.length <= 8, 'it goes on where it was cut');
  });

  test('pods of one node share an archive, and a spoiled one is not believed', async (t) => {
    let before = at.proxy.requests.length;
    const signed = () =>
      at.proxy.requests.slice(before).filter(({ path }) => /digits.*Signature/.test(path)).length;
    const scene = await pushData('digits.tar', archive);
    const attempts = await Promise.all([1, 2, 3].map(() => at.newAttempt(scene)));
    const cache = attempts[0]?.at('cache') ?? '';
    mkdirSync(cache);
    // Left by pods that were killed: a lock, and half an archive.
    const digest = sha256(archive);
    const longAgo = new Date(Date.now() - 3600 * 1000);
    writeFileSync(join(cache, `.${digest}.lock`), '');
    utimesSync(join(cache, `.${digest}.lock`), longAgo, longAgo);
    writeFileSync(join(cache, `.${digest}.part-0`), 'half');
    const env = { ESPALIER_DATA_CACHE: cache };
    const codes = await Promise.all(attempts.map((attempt) => exitOf(fetchAs(attempt, env))));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.deepEqual(readdirSync(cache), [`${digest}.tar`]);
    t.diagnostic(`pods 3, fetched ${signed()} times`);
    assert.equal(signed(), 1, 'one fetches for all');
    const next = await at.newAttempt(scene);
    before = at.proxy.requests.length;
    assert.equal(await exitOf(fetchAs(next, env)), 0);
    assert.equal(signed(), 0, 'nothing was fetched again');
    writeFileSync(join(cache, `${digest}.tar`), 'spoiled');
    const last = await at.newAttempt(scene);
    assert.equal(await exitOf(fetchAs(last, env)), 0);
    assert.equal(signed(), 1);
    for (const attempt of [...attempts, next, last]) {
      assert.deepEqual(filesBelow(attempt.at('data')), wanted);
    }
  });

  test('what must not be unpacked is refused with code 30, and nothing is left', async (t) => {
    const one = Buffer.from('1');
    const escaping = tarFile([
      { name: 'ok', body: one },
      { name: '../x', body: one },
    ]);
    const cases: { scene: Promise<Scene>; args?: string[]; say: RegExp }[] = [
      { scene: pushData('link.tar', tarFile([{ name: 'a', type: '2' }])), say: /a symbolic link/ },
      { scene: pushData('escape.tar', escaping), say: /an unsafe path/ },
      {
        scene: pushData('large.tar', archive),
        args: ['--max-bytes', '1000'],
        say: /more than 1000 bytes/,
      },
      { scene: pushData('spoiled.tar', archive, sha256('another')), say: /has not the sha256/ },
      {
        scene: Promise.resolve(at.cluster.add({ data: { s3: { key: 'none.tar' } } })),
        say: /DataNotFound.*espalier data push/,
      },
    ];
    const check = async ({ scene, args, say }: (typeof cases)[number]): Promise<void> => {
      const attempt = await at.newAttempt(await scene);
      assert.equal(await exitOf(fetchAs(attempt, {}, args)), 30, String(say));
      assert.match(readFileSync(attempt.at('termination'), 'utf8'), say);
      assert.deepEqual(readdirSync(attempt.at('data')), []);
    };
    await Promise.all(cases.map(check));
    t.diagnostic(`archives ${cases.length}, refused ${cases.length}, files left 0`);
  });

  test('G8 the next attempt goes on from the checkpoint that its pod names', async () => {
    const scene = at.cluster.add();
    const first = await at.newAttempt(scene);
    const files = { 'checkpoint-7/model.safetensors': 'model 7', 'points-0.jsonl': '{}\n' };
    first.commit('manifest-7.json', 7, files);
    assert.deepEqual(await first.courier(at.nats.port).finish(), ALL_ARRIVED);
    assert.equal((await at.check(scene, first, 'manifest-7.json')).kind, 'whole');
    const { trialUid } = scene;
    at.cluster.setPods(
      scene,
      {
        attempt: 0,
        end: {
          atMs: Date.now(),
          exitCode: 10,
          oomKilled: false,
          disrupted: true,
          interrupted: false,
        },
      },
      { attempt: 1, resumeFrom: { trialUid, trialIndex: 0, attempt: 0, step: 7 } },
    );
    const second = await at.newAttempt(scene, 1);
    assert.equal(await exitOf(fetchAs(second)), 0, readFileSync(second.at('courier.log'), 'utf8'));
    assert.deepEqual(
      filesBelow(second.at('resume')),
      filesBelow(first.at('out')),
      'the same files, manifest included',
    );
    // The trainer's image may run as another user.
    for (const file of Object.keys(filesBelow(second.at('resume')))) {
      assert.equal(statSync(join(second.at('resume'), file)).mode & 0o044, 0o044, file);
    }
    // A file that is gone or was spoiled ends it instead of a start from nothing.
    const place = placeOf(scene.experiment, first);
    await at.store.put(
      at.keys.attemptFile(place, 'checkpoint-7/model.safetensors'),
      Buffer.from('model 8'),
      undefined,
      CALL,
    );
    const third = await at.newAttempt(scene, 1);
    assert.equal(await exitOf(fetchAs(third)), 30);
    assert.deepEqual(readdirSync(third.at('resume')), []);
  });
});
