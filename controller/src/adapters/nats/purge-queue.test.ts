import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../runtime/testing/fake-clock.ts';
import { PurgeQueue } from './purge-queue.ts';

const attempts = (count: number) =>
  Array.from({ length: count }, (_, attempt) => ({ namespace: 'team', trialUid: 'u', attempt }));

test('attempts are purged one after the other, and one that fails stays in the stream', async () => {
  let atOnce = 0;
  let most = 0;
  const queue = new PurgeQueue(async ({ attempt }) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await settle();
    atOnce -= 1;
    if (attempt === 1) throw new Error('NATS is not connected');
    return 10;
  });
  queue.add(attempts(2));
  queue.add(attempts(1));
  for (let i = 0; i < 10; i++) await settle();
  assert.deepEqual(queue.counts, { purged: 20, skipped: 1 });
  assert.equal(most, 1);
});

test('what waits is bounded', () => {
  const queue = new PurgeQueue(() => new Promise(() => {}));
  queue.add(attempts(10_002));
  assert.equal(queue.counts.skipped, 2);
});
