import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Goal } from '../suggest/problem.ts';
import { decide } from './decide.ts';
import { lossesOf } from './losses.ts';
import { bestFinite } from './rank.ts';
import type { AshaRule, MedianRule, OwnEntry, StopRule } from './rule.ts';

const ASHA: AshaRule = { kind: 'asha', min: 1, eta: 4, minRungSize: 4 };
const MEDIAN: MedianRule = { kind: 'median', min: 1, interval: 1 };

const values = fc.array(fc.oneof(fc.double(), fc.integer({ min: -5, max: 5 })), { maxLength: 40 });
const rules = fc.constantFrom<StopRule>(ASHA, { ...ASHA, eta: 3, minRungSize: 1 }, MEDIAN, {
  ...MEDIAN,
  percentile: 20,
  minEntries: 1,
});
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

test('a verdict sees lower orders only: later and equal arrivals change nothing', () => {
  fc.assert(
    fc.property(rules, values, finite, values, (rule, before, value, after) => {
      const own: OwnEntry = { order: before.length, value };
      const rung = { milestone: 1, entries: entriesOf(before), own };
      const late = after.map((other, i) => ({ order: before.length + i, value: other }));
      const entries = [...late, ...rung.entries].reverse();
      assert.deepEqual(
        decide(rule, 'maximize', { ...rung, entries }),
        decide(rule, 'maximize', rung),
      );
    }),
  );
});

test('maximising a value is minimising its negative', () => {
  fc.assert(
    fc.property(rules, values, finite, (rule, others, value) => {
      const verdictOf = (goal: Goal, sign: number) =>
        decide(rule, goal, {
          milestone: 1,
          entries: entriesOf(others.map((other) => other * sign)),
          own: { order: others.length, value: value * sign },
        }).kind;
      assert.equal(verdictOf('maximize', 1), verdictOf('minimize', -1));
    }),
  );
});

test('K6 a rung always lets somebody on: the best finite value never stops', () => {
  fc.assert(
    fc.property(rules, values, finite, (rule, others, value) => {
      const best = bestFinite('maximize', [...others, value]);
      const own = { order: others.length, value };
      const { kind } = decide(rule, 'maximize', { milestone: 1, entries: entriesOf(others), own });
      if (value === best) assert.equal(kind, 'continue');
    }),
  );
});

test('asha lets at most the better ones of the final rung count, and never stops by arrival', () => {
  // Arrivals from worst to best: everybody was the best on arrival, so nobody stops.
  const rising = Array.from({ length: 50 }, (_, i) => i);
  const kinds = rising.map((value) => {
    const entries = entriesOf(rising.slice(0, value));
    return decide(ASHA, 'maximize', { milestone: 1, entries, own: { order: value, value } }).kind;
  });
  assert.ok(kinds.every((kind) => kind === 'continue'));
});

test('the quantile is that of sorted values, ends included, without NaN from infinities', () => {
  const quantile = (values: readonly number[], share: number) =>
    lossesOf('minimize', entriesOf(values)).quantile(share);
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([4, 1], 0.5), 2.5);
  assert.equal(quantile([4, 1], 0), 1);
  assert.equal(quantile([4, 1], 1), 4);
  assert.equal(quantile([1, Number.POSITIVE_INFINITY], 0), 1);
  assert.equal(quantile([Number.POSITIVE_INFINITY, Number.NaN], 0.3), Number.POSITIVE_INFINITY);
  assert.equal(quantile([-1.7e308, 1.7e308], 0.5), 0);
});

test('K7 bestFinite never takes NaN or an infinity', () => {
  assert.equal(bestFinite('maximize', [Number.NaN, 1, Number.POSITIVE_INFINITY, 3, 2]), 3);
  assert.equal(bestFinite('minimize', [Number.NaN, 1, Number.NEGATIVE_INFINITY, 3]), 1);
  assert.equal(bestFinite('minimize', [Number.NaN]), undefined);
});

function entriesOf(values: readonly number[]) {
  return values.map((value, order) => ({ order, value }));
}
