import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { KeptPod } from './caches.ts';
import { isWorthKeeping, surplusFailures } from './retention.ts';

function pod(atMs: number, more: Partial<PodView> = {}, exitCode = 1): KeptPod {
  const view: PodView = {
    namespace: 'ns',
    name: `p-${atMs}`,
    uid: `u-${atMs}`,
    trialUid: 't',
    attempt: 0,
    createdMs: 0,
    held: false,
    end: { atMs, exitCode, oomKilled: false, disrupted: false, interrupted: false },
    ...more,
  };
  return { view, trialName: 't', experiment: 'e', finalizers: [] };
}

test('only what failed and was not asked to end is worth keeping', () => {
  assert.ok(isWorthKeeping(pod(1).view));
  assert.ok(!isWorthKeeping(pod(1, {}, 0).view));
  assert.ok(!isWorthKeeping(pod(1, { deletingSinceMs: 1 }).view));
});

test('of more than twenty the oldest go', () => {
  const pods = Array.from({ length: 23 }, (_, i) => pod(100 - i));
  const names = surplusFailures(pods, 'e').map(({ name }) => name);
  assert.deepEqual(names, ['p-78', 'p-79', 'p-80']);
  assert.deepEqual(surplusFailures(pods, 'other'), []);
});

test('pods that are still counted do not go', () => {
  const pods = Array.from({ length: 30 }, (_, i) => pod(i, { held: true }));
  assert.deepEqual(surplusFailures(pods, 'e'), []);
});
