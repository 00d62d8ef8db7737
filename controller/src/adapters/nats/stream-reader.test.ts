import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from './bus.ts';
import type { Reading } from './bus-reading.ts';
import { STREAM_LIMITS, type StreamState } from './stream-admin.ts';
import { StreamReader } from './stream-reader.ts';

test('a reader that is closed while it looks at the stream ends', async () => {
  const looking = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<StreamState>();
  let stopped = 0;
  const stop = (): void => {
    stopped += 1;
  };
  const bus: Pick<Bus, 'whenConnected' | 'ensureStream' | 'read'> = {
    whenConnected: async () => {},
    ensureStream: () => {
      looking.resolve();
      return looked.promise;
    },
    read: async (): Promise<Reading> => ({ pending: 0, stop }),
  };
  const log = { info: () => {}, warn: () => {}, error: () => {}, with: () => log };
  const reader = new StreamReader({
    bus: bus as Bus,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => new Promise(() => {}) },
    log,
    limits: STREAM_LIMITS,
    replayFromMs: () => 0,
    onMessage: () => {},
    onCaughtUp: () => {},
    onLoss: () => {},
    onReading: () => {},
  });
  reader.start();
  await looking.promise;
  const closed = reader.close();
  looked.resolve({ createdMs: 0, messages: 0, lastSeq: 0 });
  await closed;
  assert.equal(stopped, 1);
});
