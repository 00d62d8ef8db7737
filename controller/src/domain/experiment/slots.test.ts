import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SETTLE_MS, SlotTable, type SlotUse } from './slots.ts';

const waits = (index: number): SlotUse => ({
  index,
  live: 0,
  needsPod: true,
  isUncounted: false,
});
const runs = (index: number): SlotUse => ({ ...waits(index), live: 1, needsPod: false });
const ended = (index: number): SlotUse => ({ ...runs(index), live: 0, isUncounted: true });

test('G14 slots go to the first trials without a pod, in the order of their numbers', () => {
  const slots = new SlotTable();
  slots.update('r', runs(0));
  for (const index of [3, 1, 2]) slots.update(String(index), waits(index));
  assert.deepEqual(
    ['r', '1', '2', '3'].map((uid) => slots.hasSlot(uid, 3)),
    [false, true, true, false],
  );
  assert.deepEqual(slots.startable(3), ['1', '2']);
  assert.deepEqual(slots.startable(1), []);
});

test('G14 a slot that is taken stays taken until the cache shows the pod', () => {
  const slots = new SlotTable();
  slots.update('later', waits(5));
  assert.equal(slots.reserve('later', 1), true);
  // Meanwhile an earlier trial was disrupted and needs a pod again.
  slots.update('earlier', waits(0));
  assert.equal(slots.hasSlot('earlier', 1), false);
  assert.equal(slots.reserve('earlier', 1), false);
  assert.equal(slots.reserve('later', 1), true, 'a second try of the same create');
  slots.update('later', runs(5));
  assert.equal(slots.hasSlot('earlier', 1), false);
  slots.remove('later');
  assert.equal(slots.hasSlot('earlier', 1), true);
});

test('a trial that ends without its pod gives its slot back', () => {
  const slots = new SlotTable();
  slots.update('a', waits(0));
  slots.reserve('a', 1);
  slots.update('a', { ...runs(0), live: 0 });
  assert.equal(slots.taken, 0);
});

test('an uncounted end holds off new trials for a moment, and only new trials', () => {
  const slots = new SlotTable();
  slots.update('a', ended(0));
  slots.update('b', waits(1));
  assert.equal(slots.hasSlot('b', 1), true);
  assert.deepEqual(slots.room(2, 1000), { free: 0, againMs: SETTLE_MS });
  slots.update('a', ended(0));
  assert.deepEqual(slots.room(2, 1000 + SETTLE_MS), { free: 1 });
  slots.update('a', runs(0));
  slots.update('a', ended(0));
  assert.deepEqual(slots.room(2, 9000), { free: 0, againMs: SETTLE_MS }, 'its next attempt');
});

test('there is room for what neither runs nor waits', () => {
  const slots = new SlotTable();
  slots.update('a', runs(0));
  slots.update('b', waits(1));
  assert.deepEqual(slots.room(4, 0), { free: 2 });
  assert.deepEqual(slots.room(1, 0), { free: 0 });
});

test('G14 in any order of reservations, starts and ends no more than the limit are taken', () => {
  const step = fc.record({
    uid: fc.nat(9),
    kind: fc.constantFrom(
      'wait' as const,
      'reserve' as const,
      'show' as const,
      'end' as const,
      'remove' as const,
    ),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 100 }),
      fc.integer({ min: 1, max: 4 }),
      (steps, parallel) => {
        const slots = new SlotTable();
        const started = new Set<number>();
        for (const { uid, kind } of steps) {
          if (kind === 'wait' && !started.has(uid)) slots.update(`${uid}`, waits(uid));
          else if (kind === 'reserve' && slots.reserve(`${uid}`, parallel)) started.add(uid);
          else if (kind === 'show' && started.has(uid)) slots.update(`${uid}`, runs(uid));
          else if (kind === 'end' && started.has(uid)) {
            slots.update(`${uid}`, ended(uid));
            started.delete(uid);
          } else if (kind === 'remove') {
            slots.remove(`${uid}`);
            started.delete(uid);
          }
          assert.ok(started.size <= parallel);
          assert.ok(slots.taken >= started.size);
        }
      },
    ),
  );
});
