import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from './bus.ts';
import type { Reading, StreamMessage } from './bus-reading.ts';
import type { StreamLoss } from './continuity.ts';
import { STREAM_LIMITS, type StreamState } from './stream-admin.ts';
import { StreamReader } from './stream-reader.ts';

type Answers = Pick<Bus, 'whenConnected' | 'ensureStream' | 'streamState' | 'read'>;

const EMPTY: StreamState = { createdMs: 0, messages: 0, lastSeq: 0 };

function readerOf(
  answers: Partial<Answers>,
  more: { readonly sleep?: () => Promise<void>; readonly onLoss?: (loss: StreamLoss) => void } = {},
): StreamReader {
  const { sleep = () => new Promise(() => {}), onLoss = () => {} } = more;
  const log = { info: () => {}, warn: () => {}, error: () => {}, with: () => log };
  const bus: Answers = {
    whenConnected: async () => {},
    ensureStream: async () => EMPTY,
    streamState: async () => EMPTY,
    read: async (): Promise<Reading> => ({ pending: 0, stop: () => {} }),
    ...answers,
  };
  return new StreamReader({
    bus: bus as Bus,
    clock: { now: () => 0, monotonic: () => 0, sleep },
    log,
    limits: STREAM_LIMITS,
    replayFromMs: () => 0,
    onMessage: () => {},
    onCaughtUp: () => {},
    onLoss,
    onReading: () => {},
  });
}

test('a reader that is closed while it looks at the stream ends', async () => {
  const looking = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<StreamState>();
  let stopped = 0;
  const stop = (): void => {
    stopped += 1;
  };
  const reader = readerOf({
    ensureStream: () => {
      looking.resolve();
      return looked.promise;
    },
    read: async () => ({ pending: 0, stop }),
  });
  reader.start();
  await looking.promise;
  const closed = reader.close();
  looked.resolve(EMPTY);
  await closed;
  assert.equal(stopped, 1);
});

/** Losses that are told when the server says so of a stream of which `message` 7 comes after the question. */
async function lossesAfter(lastSeq: number): Promise<StreamLoss[]> {
  const losses: StreamLoss[] = [];
  let send: ((message: StreamMessage) => void) | undefined;
  const compared = Promise.withResolvers<void>();
  let naps = 0;
  const message = (seq: number): StreamMessage =>
    ({ seq, timeNanos: seq, subject: 'a', data: new Uint8Array(), pending: 1 }) as StreamMessage;
  const reader = readerOf(
    {
      ensureStream: async () => ({ createdMs: 0, messages: 0, lastSeq: 5 }),
      read: async ({ onMessage }) => {
        send = onMessage;
        return { pending: 0, stop: () => {} };
      },
      streamState: async () => {
        send?.(message(7));
        return { createdMs: 0, messages: 2, lastSeq };
      },
    },
    {
      onLoss: (loss) => losses.push(loss),
      sleep: async () => {
        naps += 1;
        if (naps === 1) return send?.(message(6));
        compared.resolve();
        await new Promise(() => {});
      },
    },
  );
  reader.start();
  await compared.promise;
  void reader.close();
  return losses;
}

test('a message that overtakes the answer about the stream is no sign that it went back in time', async () => {
  assert.deepEqual(await lossesAfter(6), []);
});

test('a stream that has less than was read of it before the question went back in time', async () => {
  assert.deepEqual(await lossesAfter(5), ['regressed']);
});
