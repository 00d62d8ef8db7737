import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readExperimentRecord } from '../../../controller/src/adapters/s3/experiment-record.ts';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { probeStore } from '../../../controller/src/adapters/s3/probe.ts';
import { S3Artifacts } from '../../../controller/src/adapters/s3/s3-artifacts.ts';
import { startFaultProxy } from '../../kit/fault-proxy.ts';
import type { RequestFault } from '../../kit/fault-rules.ts';
import { s3Refusal } from '../../kit/s3-refusal.ts';
import { waitFor } from '../../kit/wait.ts';
import { CALL, newScene, sha256, useStore, whyNoStore, writeAttempt } from './rig.ts';

const RETRY = { tries: 4, baseMs: 5, maxMs: 20, timeoutMs: 5_000 };

const FAULTS: Record<string, RequestFault> = {
  'a 500': s3Refusal(500, 'InternalError'),
  'a 503 SlowDown': s3Refusal(503, 'SlowDown'),
  'a 409 ConditionalRequestConflict': s3Refusal(409, 'ConditionalRequestConflict'),
  'a 403 RequestTimeTooSkewed': s3Refusal(403, 'RequestTimeTooSkewed'),
  'bytes that change on their way': {
    kind: 'rewrite',
    request: (text) => text.replaceAll('5', '6'),
  },
  'a request that never arrives': { kind: 'cut', point: 'before' },
  'a lost answer': { kind: 'cut', point: 'after' },
};

describe('S3 behind a network that fails', { skip: whyNoStore() }, () => {
  const at = useStore();
  const start = async (t: { after(undo: () => unknown): void }, timeoutMs = RETRY.timeoutMs) => {
    const { endpoint } = at.options;
    if (endpoint === undefined) throw new Error('the store has no endpoint');
    const proxy = await startFaultProxy({ upstream: endpoint });
    const retry = { ...RETRY, timeoutMs };
    const store = new ObjectStore({ ...at.options, endpoint: proxy.url, retry });
    t.after(async () => {
      store.close();
      await proxy.close();
    });
    const body = Buffer.from('step,loss\n1,0.5\n');
    const key = at.keys.attemptFile(newScene().place, 'metrics.csv');
    return { proxy, store, body, key };
  };

  test('F15 a write that fails twice is written once, with the bytes that were meant', async (t) => {
    let tries = 0;
    for (const [what, fault] of Object.entries(FAULTS)) {
      const { proxy, store, body, key } = await start(t);
      proxy.addRule({ match: { methods: ['PUT'] }, fault, times: 2 });
      const { kind } = await store.put(key, body, { kind: 'absent' }, CALL);
      // After a lost answer the object is there already: ours, as its digest tells.
      assert.equal(kind, what === 'a lost answer' ? 'refused' : 'written', what);
      assert.equal((await at.store.head(key, CALL))?.sha256, sha256(body), what);
      tries += proxy.writes.length;
      assert.ok(proxy.writes.length <= RETRY.tries);
    }
    t.diagnostic(`faults ${Object.keys(FAULTS).length}, tries ${tries}, lost 0, wrong 0`);
  });

  test('F15 a store that stays down is asked a bounded number of times', async (t) => {
    const wanted: Record<string, string> = { 'a 409 ConditionalRequestConflict': 'Conflict' };
    for (const [what, fault] of Object.entries(FAULTS)) {
      if (what === 'a lost answer') continue;
      const { proxy, store, body, key } = await start(t);
      proxy.addRule({ match: {}, fault });
      const code = wanted[what] ?? 'Storage';
      await assert.rejects(store.put(key, body, undefined, CALL), { code }, what);
      assert.equal(proxy.requests.length, RETRY.tries, what);
    }
    const { proxy, store, key } = await start(t);
    proxy.addRule({ match: {}, fault: s3Refusal(403, 'AccessDenied') });
    await assert.rejects(store.get(key, 10, CALL), { code: 'Storage', message: /s3:GetObject/ });
    assert.equal(proxy.requests.length, 1, 'a permission is not asked for again');
  });

  test('F15 a body that breaks off, changes or falls silent is read again', async (t) => {
    const spoiled: Record<string, RequestFault> = {
      'it breaks off': { kind: 'truncate', afterBytes: 5 },
      'its bytes change': { kind: 'rewrite', response: (text) => text.replace('0.5', '0.9') },
      'no answer comes': { kind: 'silence', point: 'before' },
    };
    for (const [what, fault] of Object.entries(spoiled)) {
      const { proxy, store, body, key } = await start(t, 500);
      await at.store.put(key, body, undefined, CALL);
      proxy.addRule({ match: { methods: ['GET'] }, fault, times: 2 });
      assert.deepEqual((await store.get(key, 100, CALL))?.body, body, what);
      assert.equal(proxy.requests.length, 3, what);
    }
    t.diagnostic(`spoiled ${2 * Object.keys(spoiled).length}, wrong 0`);
  });

  test('a store that ignores conditions is found out', async (t) => {
    const { proxy, store } = await start(t);
    const ignored: RequestFault = { kind: 'answer', status: 200, body: '' };
    proxy.addRule({ match: { methods: ['PUT'] }, fault: ignored, skip: 1 });
    assert.deepEqual(await probeStore(store, at.prefix, CALL), { conditions: false });
    assert.equal(proxy.writes.length, 4);
  });

  test('a listing that repeats a page for ever ends with an error', async (t) => {
    const { proxy, store, body, key } = await start(t);
    await at.store.put(key, body, undefined, CALL);
    const endless = (text: string) =>
      text
        .replace('<IsTruncated>false</IsTruncated>', '<IsTruncated>true</IsTruncated>')
        .replace('</ListBucketResult>', '<NextContinuationToken>x</NextContinuationToken>$&');
    const fault: RequestFault = { kind: 'rewrite', response: endless };
    proxy.addRule({ match: { methods: ['GET'] }, fault });
    const list = async () => {
      for await (const page of store.list(key, CALL)) assert.ok(page.length <= 1);
    };
    await assert.rejects(list(), { code: 'Storage', message: /repeats a page/ });
    assert.equal(proxy.requests.length, 2);
  });

  test('an abort ends a request that hangs, and no retry follows', async (t) => {
    const { proxy, store, key } = await start(t);
    proxy.addRule({ match: {}, fault: { kind: 'silence', point: 'before' } });
    const abort = new AbortController();
    const reading = store.get(key, 100, { signal: abort.signal });
    reading.catch(() => {});
    await waitFor(() => proxy.requests.length === 1, { what: 'the request hangs' });
    abort.abort(new Error('the controller stops'));
    await assert.rejects(reading, /the controller stops/);
    assert.equal(proxy.requests.length, 1);
  });

  test('F15 G8 with every second request spoiled somehow, the end state is the undisturbed one', async (t) => {
    const { proxy, store } = await start(t);
    const add = (fault: RequestFault) => proxy.addRule({ match: {}, fault, chance: 0.1 });
    for (const fault of Object.values(FAULTS)) add(fault);
    const artifacts = new S3Artifacts(store, at.keys, async () => ({ conditions: true }));
    const { experiment, trial, place } = newScene();
    await writeAttempt(at.store, at.keys, place);
    // The reconciler repeats what failed, as it does with its backoff.
    let repeated = 0;
    const until = async (work: () => Promise<void>): Promise<void> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          repeated += 1;
          if (repeated > 100) throw error;
        }
      }
    };
    await until(() => artifacts.inspect(experiment, trial, 0, CALL));
    assert.equal(artifacts.filesOf(trial, 0).kind, 'whole');
    for (const [configuration, value] of [0.3, 0.8, 0.5].entries()) {
      const best = { trial: trial.metadata.name, configuration, value, step: 1, parameters: [] };
      await until(() => artifacts.publishBest(experiment, best, CALL));
    }
    await until(() => artifacts.publishTrials(experiment, 'a\n1\n', CALL));
    await until(() => artifacts.publishRecord(experiment, [trial], CALL));
    await until(() => artifacts.dropCheckpoints(experiment, trial, CALL));
    const root = at.keys.experimentRoot(place.experiment);
    const best = await at.store.get(`${root}best.json`, 10_000, CALL);
    assert.equal(JSON.parse(String(best?.body)).value, 0.8);
    assert.equal((await at.store.head(`${root}trials.csv`, CALL))?.sha256, sha256('a\n1\n'));
    const record = await readExperimentRecord(at.store, root.slice(0, -1), CALL);
    assert.deepEqual(
      record?.trials.map(({ spec }) => spec),
      [trial.spec],
    );
    const spoiled = proxy.requests.filter(({ faults }) => faults.length > 0).length;
    assert.ok(spoiled > 0);
    await until(() => artifacts.deleteAll(experiment, CALL));
    for await (const page of at.store.list(root, CALL)) assert.deepEqual(page, []);
    t.diagnostic(
      `requests ${proxy.requests.length}, spoiled ${spoiled}, repeated ${repeated}, lost 0, wrong 0`,
    );
  });
});
