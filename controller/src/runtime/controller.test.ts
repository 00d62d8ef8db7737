import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConflictError, TerminalError, WaitError } from '../ports/errors.ts';
import { type Reconcile, runController } from './controller.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { QUIET_TELEMETRY, recordingLog } from './testing/quiet.ts';
import { WorkQueue } from './work-queue.ts';

function start(reconcile: Reconcile, workers = 1) {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock, { baseMs: 10, maxMs: 1000 });
  const log = recordingLog();
  const abort = new AbortController();
  const setup = { name: 'test', queue, reconcile, workers, clock, telemetry: QUIET_TELEMETRY, log };
  const done = runController(setup, abort.signal);
  return { clock, queue, log, abort, done };
}

const cases: Record<string, { thrown: unknown; wantCalls: number[] }> = {
  'a terminal error is not tried again': { thrown: new TerminalError('no'), wantCalls: [1, 1, 1] },
  'a wait is tried again after exactly that time': {
    thrown: new WaitError('later', 500),
    wantCalls: [1, 1, 2],
  },
  'a conflict is tried again soon': { thrown: new ConflictError('changed'), wantCalls: [1, 2, 6] },
  'any other error backs off': { thrown: new Error('boom'), wantCalls: [1, 2, 6] },
  'a thrown text is an error like any other': { thrown: 'boom', wantCalls: [1, 2, 6] },
};
for (const [name, { thrown, wantCalls }] of Object.entries(cases)) {
  test(name, async () => {
    let calls = 0;
    const { clock, queue, abort, done } = start(() => {
      calls += 1;
      return Promise.reject(thrown);
    });
    queue.add('a');
    const seen: number[] = [];
    for (const ms of [0, 10, 490]) {
      await clock.advance(ms);
      seen.push(calls);
    }
    assert.deepEqual(seen, wantCalls);
    abort.abort();
    await done;
  });
}

test('G12 a key that always fails does not keep others from being looked at', async () => {
  const seen: string[] = [];
  const { clock, queue, abort, done, log } = start((key) => {
    seen.push(key);
    if (key === 'poison') throw new Error('cannot parse');
    return Promise.resolve({});
  });
  queue.add('poison');
  queue.add('healthy');
  await clock.advance(20);
  assert.deepEqual(seen.slice(0, 2), ['poison', 'healthy']);
  assert.match(String(log.lines[0]?.[1]['error']), /cannot parse/);
  assert.ok(log.lines[0]?.[1]['reconcileId']);
  abort.abort();
  await done;
});

test('a reconcile that asks for it is called again after that time, with failures forgotten', async () => {
  let calls = 0;
  const { clock, queue, abort, done } = start(() => {
    calls += 1;
    return Promise.resolve(calls < 3 ? { requeueAfterMs: 100 } : {});
  });
  queue.add('a');
  await clock.advance(99);
  assert.equal(calls, 1);
  await clock.advance(1);
  assert.equal(calls, 2);
  await clock.advance(10_000);
  assert.equal(calls, 3);
  abort.abort();
  await done;
});

test('an abort lets the work in hand finish and begins nothing new', async () => {
  let finish = () => {};
  const seen: string[] = [];
  const { queue, abort, done } = start(async (key) => {
    seen.push(`${key} begins`);
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    seen.push(`${key} ends`);
    return {};
  });
  queue.add('a');
  queue.add('b');
  await settle();
  abort.abort();
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  await settle();
  assert.equal(isDone, false);
  finish();
  await done;
  assert.deepEqual(seen, ['a begins', 'a ends']);
});

test('several workers take different keys at once', async () => {
  let running = 0;
  let peak = 0;
  const { queue, abort, done } = start(async () => {
    running += 1;
    peak = Math.max(peak, running);
    await settle();
    running -= 1;
    return {};
  }, 3);
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  await settle();
  await settle();
  await settle();
  assert.equal(peak, 3);
  abort.abort();
  await done;
});
