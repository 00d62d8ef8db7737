import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';

test('delays double from the base to the maximum and stay there for any number of failures', () => {
  const delays = [0, 1, 2, 3, 10, 2000, Number.MAX_SAFE_INTEGER].map((failures) =>
    backoffMs(failures, DEFAULT_BACKOFF),
  );
  assert.deepEqual(delays, [50, 50, 100, 200, 25_600, 60_000, 60_000]);
});
