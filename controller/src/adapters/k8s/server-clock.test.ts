import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../ports/telemetry.ts';
import { ServerClock } from './server-clock.ts';

const NOON = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;

/** A wall clock that is set by the test, beside a monotonic one that is not. */
function settable(startMs = NOON) {
  let wallMs = startMs;
  let monotonicMs = 5_000;
  const own: Clock = {
    now: () => wallMs,
    monotonic: () => monotonicMs,
    sleep: () => Promise.resolve(),
  };
  return {
    own,
    pass: (ms: number) => {
      wallMs += ms;
      monotonicMs += ms;
    },
    set: (ms: number) => {
      wallMs = ms;
    },
  };
}

const header = (ms: number): string => new Date(ms).toUTCString();

test('F9 before the first answer the own clock counts', () => {
  const { own, pass } = settable();
  const clock = new ServerClock(own);
  pass(250);
  assert.equal(clock.now(), NOON + 250);
});

test('F9 a clock that is set does not move the time', () => {
  const { own, pass, set } = settable();
  const clock = new ServerClock(own);
  clock.observe(header(NOON), 10);
  for (const jump of [HOUR, -HOUR]) {
    set(NOON + jump);
    assert.equal(clock.now(), NOON);
    clock.observe(header(NOON), 10);
    assert.equal(clock.now(), NOON);
  }
  pass(30_000);
  assert.equal(clock.now(), NOON + 30_000);
});

test('F9 a clock that was wrong from the start is put right by the first answer', () => {
  for (const skew of [HOUR, -HOUR]) {
    const { own, pass } = settable(NOON + skew);
    const clock = new ServerClock(own);
    clock.observe(header(NOON), 10);
    assert.ok(Math.abs(clock.now() - NOON) <= 1_000);
    pass(10_000);
    clock.observe(header(NOON + 10_000), 10);
    assert.ok(Math.abs(clock.now() - NOON - 10_000) <= 1_000);
  }
});

test('F9 within the tolerance the own clock is believed, to the millisecond', () => {
  const { own, pass } = settable(NOON + 1_234);
  const clock = new ServerClock(own);
  clock.observe(header(NOON), 10);
  pass(1);
  assert.equal(clock.now(), NOON + 1_235);
});

test('F9 an answer that was long on its way, or has no time, says nothing', () => {
  const { own } = settable();
  const clock = new ServerClock(own);
  clock.observe(header(NOON - 15_000), 15_000);
  clock.observe('soon', 10);
  assert.equal(clock.now(), NOON);
});

test('F9 when the own clock was put right it is believed again', () => {
  const { own, set } = settable(NOON + HOUR);
  const clock = new ServerClock(own);
  clock.observe(header(NOON), 10);
  set(NOON + 321);
  clock.observe(header(NOON), 10);
  assert.equal(clock.now(), NOON + 321);
});
