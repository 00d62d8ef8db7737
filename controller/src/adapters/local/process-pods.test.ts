import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WaitError } from '../../ports/errors.ts';
import type { PodIdentity } from './pod-record.ts';
import { ProcessPods } from './process-pods.ts';
import { systemClock } from './system-clock.ts';

const UID = 'trial-uid';
const SLEEP = { file: '/bin/sleep', args: ['60'] };

function scene(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'espalier-pods-'));
  const shown: number[] = [];
  const pods: ProcessPods = new ProcessPods({
    clock: systemClock,
    onChange: () => shown.push(pods.podsOf(UID).length),
    onEnd: () => undefined,
  });
  t.after(async () => {
    await pods.kill();
    rmSync(root, { recursive: true, force: true });
  });
  const identity: PodIdentity = {
    namespace: 'default',
    name: 'sweep-00000-0',
    trialUid: UID,
    attempt: 0,
    runFolder: join(root, 'run', `${UID}-0`),
    outFolder: join(root, 'out'),
    graceMs: 2000,
  };
  const prepared = Promise.withResolvers<void>();
  const started = pods.start(identity, SLEEP, {}, () => prepared.promise);
  return { root, pods, shown, identity, prepared, started };
}

test('a pod shows while its folders are being prepared, and is not running yet', async (t) => {
  const { pods, prepared, started } = scene(t);
  const [pod] = pods.podsOf(UID);
  assert.equal(pod?.startedMs, undefined);
  assert.ok(pods.has(UID, 0));
  prepared.resolve();
  await started;
  assert.notEqual(pods.podsOf(UID)[0]?.startedMs, undefined);
});

test('G10 a pod deleted before it runs never starts and leaves no folder', async (t) => {
  const { root, pods, shown, prepared, started } = scene(t);
  pods.end(UID, 0, { force: false });
  assert.equal(pods.podsOf(UID).length, 1, 'it is waited for, since it could still start');
  prepared.resolve();
  await assert.rejects(started, WaitError);
  assert.deepEqual(pods.podsOf(UID), []);
  assert.equal(shown.at(-1), 0, 'who waits for it is told');
  assert.deepEqual(readdirSync(join(root, 'run')), []);
});

test('a pod that cannot be prepared has not begun', async (t) => {
  const { pods, identity, prepared, started } = scene(t);
  prepared.reject(new Error('the disk is full'));
  await assert.rejects(started, /the disk is full/);
  assert.equal(pods.has(UID, 0), false);
  assert.equal(existsSync(identity.runFolder), false);
});
