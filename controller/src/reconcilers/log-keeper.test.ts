import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ended, experiment, pod, trial } from '../domain/testing/builders.ts';
import type { PodView } from '../domain/trial/pod-view.ts';
import type { Call } from '../ports/cluster.ts';
import { EspalierError } from '../ports/errors.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { recordingLog } from '../runtime/testing/quiet.ts';
import { LogKeeper } from './log-keeper.ts';

type Read = () => Promise<Uint8Array | undefined>;

function setup({
  podLog = async () => Buffer.from('text'),
  keepLog = async (read) => void (await read()),
}: {
  podLog?: (pod: PodView, call: Call) => Promise<Uint8Array | undefined>;
  keepLog?: (read: Read, call: Call) => Promise<void>;
}) {
  const clock = new FakeClock();
  const log = recordingLog();
  const calls = { reads: 0, keeps: 0 };
  const keeper = new LogKeeper({
    clock,
    log,
    cluster: {
      podLog: (one, call) => {
        calls.reads += 1;
        return podLog(one, call);
      },
    },
    artifacts: {
      keepLog: (_experiment, _trial, _attempt, read, call) => {
        calls.keeps += 1;
        return keepLog(read, call);
      },
    },
  });
  const call = { signal: new AbortController().signal };
  const keep = (one: PodView = ended({ exitCode: 1 }), with_ = call) =>
    keeper.keep(experiment(), trial(), one, with_);
  return { clock, log, calls, keep };
}

test('the log is read only if the store wants it', async () => {
  const { calls, keep } = setup({ keepLog: async () => {} });
  await keep();
  assert.deepEqual(calls, { reads: 0, keeps: 1 });
});

test('a pod of which nothing ran, or nobody knows, has no log', async () => {
  const { calls, keep } = setup({});
  await keep(ended({ disrupted: true }));
  await keep(pod());
  assert.deepEqual(calls, { reads: 0, keeps: 0 });
});

test('a log that cannot be read stops nobody, and is told once', async () => {
  const { log, calls, keep } = setup({
    podLog: async () => {
      throw new Error('no route to the node');
    },
  });
  await keep();
  await keep(ended({ exitCode: 2 }, { attempt: 1 }));
  assert.deepEqual(calls, { reads: 2, keeps: 2 });
  assert.equal(log.lines.length, 1);
});

test('F13 a store that fails is told once, left alone for a while, and tried again', async () => {
  let isDown = true;
  const { clock, log, calls, keep } = setup({
    keepLog: async () => {
      if (isDown) throw new EspalierError('Storage', 'cannot put');
    },
  });
  await keep();
  await keep();
  assert.deepEqual([calls.keeps, log.lines.length], [1, 1]);
  await clock.advance(30_000);
  await keep();
  assert.deepEqual([calls.keeps, log.lines.length], [2, 1]);
  isDown = false;
  await clock.advance(30_000);
  await keep();
  isDown = true;
  await keep();
  assert.deepEqual([calls.keeps, log.lines.length], [4, 2]);
});

test('F13 a store or a node that does not answer holds a worker for ten seconds at most', async () => {
  const hang = ({ signal }: Call) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  for (const hanging of [
    { keepLog: (_read: Read, call: Call) => hang(call) },
    { podLog: (_pod: PodView, call: Call) => hang(call) },
  ]) {
    const { clock, log, keep } = setup(hanging);
    const kept = keep();
    await clock.advance(10_000);
    await kept;
    assert.equal(log.lines.length, 1);
    assert.equal(clock.nextMs, undefined);
  }
});

test('a lost lease is no failure of the store', async () => {
  const stop = new AbortController();
  const { log, keep } = setup({
    keepLog: async () => {
      stop.abort();
      throw new Error('aborted');
    },
  });
  await keep(ended({ exitCode: 1 }), { signal: stop.signal });
  assert.deepEqual(log.lines, []);
});
