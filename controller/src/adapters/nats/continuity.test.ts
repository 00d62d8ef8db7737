import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOverlap, lossSince, mayHaveAged, removedBetween, startAt } from './continuity.ts';
import type { StreamState } from './stream-admin.ts';

const stream = (lastSeq: number, messages = lastSeq, createdMs = 1): StreamState => ({
  createdMs,
  messages,
  lastSeq,
});
const cursor = (seq: number, timeNanos = seq) => ({ seq, timeNanos });

const losses: Record<
  string,
  [before: StreamState | undefined, seq: number | undefined, now: StreamState, want?: string]
> = {
  'the first look': [undefined, undefined, stream(5)],
  'a stream that grew': [stream(5), 5, stream(9)],
  'a stream that was emptied keeps its number': [stream(5), 5, stream(5, 0)],
  'another stream of the same name': [stream(5), 5, stream(9, 9, 2), 'recreated'],
  'another stream, before anything was read': [stream(0), undefined, stream(0, 0, 2), 'recreated'],
  'fewer numbers than were read since the last look': [stream(5), 9, stream(7), 'regressed'],
  'fewer numbers than at the last look': [stream(5), undefined, stream(4), 'regressed'],
};
for (const [title, [before, seq, now, want]] of Object.entries(losses)) {
  test(`F12 F13 what a stream lost: ${title}`, () => {
    assert.equal(lossSince(before, seq === undefined ? undefined : cursor(seq), now), want);
  });
}

const overlaps: Record<string, [seq: number, timeNanos: number, want: string]> = {
  'the same message': [7, 7, 'same'],
  'the number was given out again': [7, 8, 'regressed'],
  'the message was purged': [8, 8, 'unknown'],
};
for (const [title, [seq, timeNanos, want]] of Object.entries(overlaps)) {
  test(`F12 a reading goes on at its last message: ${title}`, () => {
    assert.equal(compareOverlap(cursor(7), { seq, timeNanos }), want);
  });
}

test('reading begins in time, and goes on at the last message', () => {
  assert.deepEqual(startAt(undefined, 42), { from: 'time', ms: 42 });
  assert.deepEqual(startAt(cursor(7), 42), { from: 'seq', seq: 7 });
});

test('F13 what left the stream is what neither came nor was purged by us', () => {
  assert.equal(removedBetween(stream(10), stream(20), 0), 0);
  assert.equal(removedBetween(stream(10), stream(20, 15), 5), 0);
  assert.equal(removedBetween(stream(10), stream(20, 12), 5), 3);
  assert.equal(removedBetween(stream(10), stream(3, 3), 0), 0, 'a regress is told as such');
  assert.equal(removedBetween(stream(10), stream(3, 3, 2), 0), 0, 'so is another stream');
});

test('what is too old leaves the stream as it is meant to', () => {
  const [day, week] = [24 * 3600_000, 7 * 24 * 3600_000];
  const nowMs = 100 * day;
  const before = { ...stream(10), oldestMs: nowMs - week, newestMs: nowMs - day };
  assert.equal(mayHaveAged(before, stream(10, 9), week, nowMs), true);
  assert.equal(mayHaveAged(before, stream(10, 0), week, nowMs), false, 'the newest was not due');
  const old = { ...before, newestMs: nowMs - week };
  assert.equal(mayHaveAged(old, stream(10, 0), week, nowMs), true);
  const young = { ...before, oldestMs: nowMs - 6 * day };
  assert.equal(mayHaveAged(young, stream(10, 9), week, nowMs), false);
  assert.equal(mayHaveAged(stream(0), stream(0), week, nowMs), false);
});
