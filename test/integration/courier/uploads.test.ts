import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { RequestFault } from '../../kit/fault-rules.ts';
import { s3Refusal } from '../../kit/s3-refusal.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';
import { ALL_ARRIVED } from './attempt.ts';
import { useInstallation } from './rig.ts';

const FAULTS: Record<string, RequestFault> = {
  'a 500': s3Refusal(500, 'InternalError'),
  'a 503 SlowDown': s3Refusal(503, 'SlowDown'),
  'a 429': s3Refusal(429, 'TooManyRequests'),
  'a 409 ConditionalRequestConflict': s3Refusal(409, 'ConditionalRequestConflict'),
  'a 403 for an expired URL': s3Refusal(403, 'AccessDenied'),
  'a 403 RequestTimeTooSkewed': s3Refusal(403, 'RequestTimeTooSkewed'),
  'a 404 for a bucket that is gone': s3Refusal(404, 'NoSuchBucket'),
  'a 200 with an error in its body': s3Refusal(200, 'InternalError'),
  'bytes that change on their way': {
    kind: 'rewrite',
    request: (text) => text.replaceAll('5', '6'),
  },
  'a request that never arrives': { kind: 'cut', point: 'before' },
  'an answer that is lost': { kind: 'cut', point: 'after' },
  'a slow store': { kind: 'slow', bytesPerSecond: 200 },
};

const QUOTA_BYTES = 10 * 2 ** 20;

/** Larger than what is sent without asking first. */
const LARGE = 'model 5\n'.repeat(200_000);
const SMALL = {
  'metrics.csv': 'epoch,step\n1,5\n',
  'points-0.jsonl': '',
  'extra/plot.svg': '<5/>',
};

describe('artifacts on their way to a real store', { skip: whyNoTools() }, () => {
  const at = useInstallation({ keepBodies: true, quotaBytes: QUOTA_BYTES });

  test('F15 every fault of the store costs time and nothing else', async (t) => {
    let tries = 0;
    const each = Object.entries(FAULTS).map(async ([what, fault]) => {
      const scene = at.cluster.add();
      const attempt = await at.newAttempt(scene);
      const undo = at.proxy.addRule({
        match: { methods: ['PUT'], path: new RegExp(scene.trialUid) },
        fault,
        times: 2,
      });
      const courier = attempt.courier(at.nats.port);
      courier.start();
      attempt.commit('manifest.json', 5, { 'checkpoint-5/model.safetensors': LARGE, ...SMALL });
      assert.deepEqual(await courier.finish(), ALL_ARRIVED, what);
      undo();
      const found = await at.check(scene, attempt, 'manifest.json');
      assert.equal(found.kind, 'whole', `${what}: ${JSON.stringify(found)}`);
      const own = at.proxy.writes.filter(({ path }) => path.includes(scene.trialUid));
      tries += own.length;
      assert.ok(own.length <= 5 + 2, `${what}: ${own.length} tries`);
      assert.match(own.at(-1)?.path ?? '', /\/manifest\.json\?/, 'the manifest is the last one');
    });
    await Promise.all(each);
    const files = 5 * each.length;
    t.diagnostic(`faults ${each.length}, files ${files}, puts ${tries}, lost 0, wrong 0`);
  });

  test('F15 a store slower than the checkpoints gets whole ones, and the newest', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const gate = createGate();
    at.proxy.addRule({
      match: { methods: ['PUT'], path: new RegExp(`${scene.trialUid}.*checkpoint-10/`) },
      fault: { kind: 'hold', point: 'before', gate },
    });
    const courier = attempt.courier(at.nats.port);
    courier.start();
    const files = (step: number) => ({
      [`checkpoint-${step}/model.safetensors`]: `model ${step}`,
      [`checkpoint-${step}/state.safetensors`]: `state ${step}`,
    });
    attempt.commit('manifest-10.json', 10, files(10));
    await gate.reached;
    // The trainer goes on meanwhile, and deletes what it has superseded.
    for (const step of [20, 30, 40]) {
      attempt.commit(`manifest-${step}.json`, step, files(step));
      rmSync(attempt.at('out', `manifest-${step - 10}.json`));
      rmSync(attempt.at('out', `checkpoint-${step - 10}`), { recursive: true });
    }
    gate.open();
    assert.deepEqual(await courier.finish(), ALL_ARRIVED);
    const kinds = await Promise.all(
      [10, 20, 30, 40].map((step) => at.check(scene, attempt, `manifest-${step}.json`)),
    );
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ['whole', 'none', 'none', 'whole'],
    );
    t.diagnostic('checkpoints 4, stored whole 2, skipped 2, partial 0');
  });

  test('G8 what is not what its manifest says is not committed, and the next one is', async () => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const courier = attempt.courier(at.nats.port);
    courier.start();
    const told = (pattern: RegExp) =>
      waitFor(() => attempt.said.some((line) => pattern.test(line)), {
        what: `${pattern} is said`,
      });
    attempt.commit('manifest-1.json', 1, { 'metrics.csv': 'same length' });
    attempt.write('metrics.csv', 'SAME LENGTH');
    await told(/manifest-1.json cannot be stored: metrics.csv is not what the manifest lists/);
    attempt.commit('manifest-2.json', 2, { 'steps.csv': 'short' });
    attempt.write('steps.csv', 'longer than that');
    await told(/manifest-2.json cannot be stored: steps.csv has 16 bytes/);
    attempt.commit('manifest-3.json', 3, { 'log.txt': 'x' });
    rmSync(attempt.at('out', 'log.txt'));
    symlinkSync('/etc/hostname', attempt.at('out', 'log.txt'));
    await told(/manifest-3.json cannot be stored/);
    attempt.write('manifest-4.json', '{"version":1');
    await told(/manifest-4.json is not a manifest/);
    attempt.commit('manifest-5.json', 5, { 'submission.csv': 'id,class\n' });
    assert.deepEqual(await courier.finish(), ALL_ARRIVED);
    for (const step of [1, 2, 3, 4]) {
      assert.equal((await at.check(scene, attempt, `manifest-${step}.json`)).kind, 'none');
    }
    assert.equal((await at.check(scene, attempt, 'manifest-5.json')).kind, 'whole');
  });

  test('G8 what the controller refuses keeps nobody waiting, and is told', async () => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    attempt.begin();
    attempt.finish();
    attempt.commit('manifest.json', 5, { 'extra/large.bin': 'x'.repeat(QUOTA_BYTES + 1) });
    const { missing, refused } = await attempt.courier(at.nats.port).finish();
    assert.deepEqual(missing, []);
    assert.match(refused[0] ?? '', /manifest.json is not in the store: .*QuotaExceeded/);
  });

  test('a courier that begins again finds stored what it had stored', async () => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    attempt.commit('manifest.json', 5, { 'checkpoint-5/model.safetensors': LARGE, ...SMALL });
    for (const round of [1, 2]) {
      const courier = attempt.courier(at.nats.port);
      assert.deepEqual(await courier.finish(), ALL_ARRIVED, `round ${round}`);
    }
    assert.equal((await at.check(scene, attempt, 'manifest.json')).kind, 'whole');
  });

  test('without time left the courier tells what has not arrived', async () => {
    const attempt = await at.newAttempt();
    const gate = createGate();
    at.proxy.addRule({
      match: { methods: ['PUT'], path: new RegExp(attempt.address.trialUid) },
      fault: { kind: 'hold', point: 'before', gate },
    });
    const courier = attempt.courier(at.nats.port);
    courier.start();
    attempt.commit('manifest-5.json', 5, SMALL);
    await gate.reached;
    const { missing } = await courier.finish(AbortSignal.timeout(100));
    gate.open();
    assert.equal(missing.length, 1);
    assert.match(missing[0] ?? '', /^manifest-5.json and 3 of its files are not in the store$/);
  });
});
