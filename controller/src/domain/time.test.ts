import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTime, leftOf, parseTime } from './time.ts';

test('times are written and read as the platform does, for 500 years around now', () => {
  fc.assert(
    fc.property(fc.integer({ min: -8e12, max: 8e12 }), (ms) => {
      assert.equal(formatTime(ms), new Date(ms).toISOString());
      assert.equal(parseTime(formatTime(ms)), ms);
    }),
    { numRuns: 2000 },
  );
});

test('leap days and year ends are right', () => {
  for (const text of [
    '2024-02-29T23:59:59.999Z',
    '2000-02-29T00:00:00.000Z',
    '2100-03-01T00:00:00.000Z',
    '1999-12-31T23:59:59.000Z',
  ]) {
    assert.equal(formatTime(Date.parse(text)), text);
    assert.equal(parseTime(text), Date.parse(text));
  }
});

test('Kubernetes times without a fraction are read, anything else is not a time', () => {
  assert.equal(parseTime('2026-11-24T06:00:00Z'), Date.parse('2026-11-24T06:00:00Z'));
  for (const text of [undefined, '', 'yesterday', '2026-11-24', '2026-11-24T06:00:00+01:00']) {
    assert.equal(parseTime(text), undefined, String(text));
  }
});

test('F9 an interval has nothing left when the clock was set back behind its beginning', () => {
  assert.equal(leftOf(1000, undefined, 5000), 0);
  assert.equal(leftOf(1000, 4600, 5000), 600);
  assert.equal(leftOf(1000, 4000, 5000), 0);
  assert.equal(leftOf(1000, 3_600_000, 5000), 0);
});
