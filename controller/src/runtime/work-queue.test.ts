import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { LOW_PRIORITY, WorkQueue } from './work-queue.ts';

async function drain(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.depth > 0) keys.push((await queue.take()) ?? '');
  return keys;
}

test('a key that is added twice is handed out once', async () => {
  const queue = new WorkQueue(new FakeClock());
  queue.add('a');
  queue.add('b');
  queue.add('a');
  assert.deepEqual(await drain(queue), ['a', 'b']);
});

test('a key in hand is handed out again only after it is done', async () => {
  const queue = new WorkQueue(new FakeClock());
  queue.add('a');
  assert.equal(await queue.take(), 'a');
  queue.add('a');
  assert.equal(queue.depth, 0);
  queue.done('a');
  assert.equal(await queue.take(), 'a');
  queue.done('a');
  assert.equal(queue.depth, 0);
});

test('a delayed key comes when it is due, and the earlier time wins', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock);
  queue.add('late', { delayMs: 1000 });
  queue.add('late', { delayMs: 100 });
  queue.add('late', { delayMs: 5000 });
  await clock.advance(99);
  assert.equal(queue.depth, 0);
  await clock.advance(1);
  assert.deepEqual(await drain(queue), ['late']);
  queue.done('late');
  await clock.advance(10_000);
  assert.equal(queue.depth, 0, 'the later times were superseded');
});

test('a delay of months is no timer of Node, which would fire at once', async () => {
  const clock = new FakeClock();
  const asked: number[] = [];
  const sleep: FakeClock['sleep'] = (ms, options) => {
    asked.push(ms);
    return FakeClock.prototype.sleep.call(clock, ms, options);
  };
  const queue = new WorkQueue(Object.assign(Object.create(clock) as FakeClock, { sleep }));
  const days60 = 60 * 24 * 3_600_000;
  queue.add('expires', { delayMs: days60 });
  await clock.advance(days60 - 1);
  assert.equal(queue.depth, 0);
  await clock.advance(1);
  assert.equal(queue.depth, 1);
  assert.ok(Math.max(...asked) < 2 ** 31);
  assert.ok(asked.length <= 61);
});

test('a key that is added at once does not come again when its delay is over', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock);
  queue.add('a', { delayMs: 100 });
  queue.add('a');
  assert.deepEqual(await drain(queue), ['a']);
  queue.done('a');
  await clock.advance(1000);
  assert.equal(queue.depth, 0);
});

test('a delay that is asked for while the key is in hand counts from then', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock);
  queue.add('a');
  await queue.take();
  queue.add('a', { delayMs: 50 });
  await clock.advance(30);
  queue.done('a');
  assert.equal(queue.depth, 0);
  await clock.advance(20);
  assert.equal(await queue.take(), 'a');
});

test('what just happened goes before what was found at start', async () => {
  const queue = new WorkQueue(new FakeClock());
  queue.add('old-1', { priority: LOW_PRIORITY });
  queue.add('old-2', { priority: LOW_PRIORITY });
  queue.add('new');
  queue.add('old-2');
  assert.deepEqual(await drain(queue), ['new', 'old-2', 'old-1']);
});

test('failures of a key delay it more and more, until it succeeds', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock, { baseMs: 10, maxMs: 40 });
  const delays: number[] = [];
  for (let i = 0; i < 4; i++) {
    queue.retry('a');
    delays.push((clock.nextMs ?? 0) - clock.now());
    await clock.advance(40);
    await queue.take();
    queue.done('a');
  }
  assert.deepEqual(delays, [10, 20, 40, 40]);
  queue.forget('a');
  queue.retry('a');
  assert.equal((clock.nextMs ?? 0) - clock.now(), 10);
});

test('a taker that waits gets the next key; closing sends all takers home', async () => {
  const queue = new WorkQueue(new FakeClock());
  const taken: (string | undefined)[] = [];
  for (let i = 0; i < 3; i++) void queue.take().then((key) => taken.push(key));
  queue.add('a');
  await settle();
  assert.deepEqual(taken, ['a']);
  queue.close();
  await settle();
  assert.deepEqual(taken, ['a', undefined, undefined]);
  queue.add('b');
  assert.equal(await queue.take(), undefined);
});

test('nothing is lost and nothing is in two hands, whatever the order of calls', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('add' as const),
      key: fc.constantFrom('a', 'b', 'c'),
      delay: fc.nat(50),
      priority: fc.integer({ min: -1, max: 1 }),
    }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constant('done' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(60) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new FakeClock();
      const queue = new WorkQueue(clock);
      const owed = new Set<string>();
      const inHand: string[] = [];
      for (const one of steps) {
        if (one.kind === 'add') {
          queue.add(one.key, { delayMs: one.delay, priority: one.priority });
          owed.add(one.key);
        } else if (one.kind === 'take' && queue.depth > 0) {
          const key = (await queue.take()) as string;
          assert.ok(!inHand.includes(key), `${key} is in two hands`);
          inHand.push(key);
          owed.delete(key);
        } else if (one.kind === 'done') {
          const key = inHand.shift();
          if (key !== undefined) queue.done(key);
        } else if (one.kind === 'wait') {
          await clock.advance(one.ms);
        }
      }
      for (const key of inHand) queue.done(key);
      await clock.advance(1000);
      assert.deepEqual(new Set(await drain(queue)), owed);
    }),
  );
});
