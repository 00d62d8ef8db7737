import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Goal } from '../suggest/problem.ts';
import { checkRule } from './check-rule.ts';
import { decide } from './decide.ts';
import { quantile } from './median.ts';
import { bestFinite } from './rank.ts';
import type { AshaRule, MedianRule, OwnEntry, StopRule, VerdictReason } from './rule.ts';

const ASHA: AshaRule = { kind: 'asha', min: 1, eta: 4, minRungSize: 4 };
const MEDIAN: MedianRule = { kind: 'median', min: 1, interval: 1 };

interface Case {
  rule: StopRule;
  goal?: Goal;
  /** Values of the others, in order of arrival; the trial's own comes after them. */
  others: readonly number[];
  own: number;
  best?: number;
  want: VerdictReason;
}

const cases: Record<string, Case> = {
  'asha: the first trial at a rung goes on': {
    rule: ASHA,
    others: [],
    own: 0,
    want: 'RungTooSmall',
  },
  'asha: below the least rung size even the worst goes on': {
    rule: ASHA,
    others: [0.9, 0.8],
    own: 0.1,
    want: 'RungTooSmall',
  },
  'asha: the best of four goes on': {
    rule: ASHA,
    others: [0.7, 0.8, 0.9],
    own: 0.95,
    want: 'WithinCutoff',
  },
  'asha: the second of four stops': {
    rule: ASHA,
    others: [0.7, 0.8, 0.9],
    own: 0.85,
    want: 'BelowCutoff',
  },
  'asha: the second of eight goes on': {
    rule: ASHA,
    others: [1, 2, 3, 4, 5, 6, 9],
    own: 8,
    want: 'WithinCutoff',
  },
  'asha: the third of eight stops': {
    rule: ASHA,
    others: [1, 2, 3, 4, 5, 8, 9],
    own: 7,
    want: 'BelowCutoff',
  },
  'asha: equals go on together': {
    rule: ASHA,
    others: [0.9, 0.9, 0.9],
    own: 0.9,
    want: 'WithinCutoff',
  },
  'asha minimises': {
    rule: ASHA,
    goal: 'minimize',
    others: [3, 2, 4],
    own: 1,
    want: 'WithinCutoff',
  },
  'asha minimising stops a large value': {
    rule: ASHA,
    goal: 'minimize',
    others: [3, 2, 4],
    own: 5,
    want: 'BelowCutoff',
  },
  'K7 asha: a NaN stops, even at an empty rung': {
    rule: ASHA,
    others: [],
    own: Number.NaN,
    want: 'ValueNotFinite',
  },
  'K7 asha: an infinity stops even where it would win': {
    rule: ASHA,
    others: [1],
    own: Number.POSITIVE_INFINITY,
    want: 'ValueNotFinite',
  },
  'K7 asha: NaN and infinities of others rank last for either goal': {
    rule: ASHA,
    others: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    own: -5,
    want: 'WithinCutoff',
  },
  'median: below five others nobody stops': {
    rule: MEDIAN,
    others: [9, 9, 9, 9],
    own: 0,
    want: 'RungTooSmall',
  },
  'K1 median: the true median, not the mean, is the cutoff': {
    rule: MEDIAN,
    others: [1, 2, 3, 100, 1000],
    own: 3,
    want: 'WithinCutoff',
  },
  'K1 median: just below the median stops': {
    rule: MEDIAN,
    others: [1, 2, 3, 100, 1000],
    own: 2.9,
    want: 'BelowCutoff',
  },
  'K1 median: between the two middle ones the mean of them counts': {
    rule: MEDIAN,
    others: [1, 2, 3, 4, 5, 6],
    own: 3.5,
    want: 'WithinCutoff',
  },
  'K1 median: below the mean of the two middle ones stops': {
    rule: MEDIAN,
    others: [1, 2, 3, 4, 5, 6],
    own: 3.4,
    want: 'BelowCutoff',
  },
  'median: the best so far counts, not the latest value': {
    rule: MEDIAN,
    others: [1, 2, 3, 4, 5],
    own: 0,
    best: 4,
    want: 'WithinCutoff',
  },
  'K7 median: a NaN now stops in spite of a good past': {
    rule: MEDIAN,
    others: [1, 2, 3, 4, 5],
    own: Number.NaN,
    best: 9,
    want: 'ValueNotFinite',
  },
  'K7 median: NaN of others counts as worst': {
    rule: MEDIAN,
    others: [Number.NaN, Number.NaN, Number.NaN, 4, 5],
    own: -100,
    want: 'WithinCutoff',
  },
  'percentile 25 lets the best quarter go on': {
    rule: { ...MEDIAN, percentile: 25 },
    others: [1, 2, 3, 4, 5],
    own: 3.9,
    want: 'BelowCutoff',
  },
  'percentile 25 includes the quarter itself': {
    rule: { ...MEDIAN, percentile: 25 },
    others: [1, 2, 3, 4, 5],
    own: 4,
    want: 'WithinCutoff',
  },
  'median minimises': {
    rule: MEDIAN,
    goal: 'minimize',
    others: [1, 2, 3, 4, 5],
    own: 3.1,
    want: 'BelowCutoff',
  },
  'threshold: inside': {
    rule: { kind: 'threshold', lower: 0, upper: 1 },
    others: [],
    own: 1,
    want: 'WithinThreshold',
  },
  'threshold: above': {
    rule: { kind: 'threshold', upper: 1 },
    others: [],
    own: 1.1,
    want: 'OutsideThreshold',
  },
  'threshold: below': {
    rule: { kind: 'threshold', lower: 0 },
    others: [],
    own: -0.1,
    want: 'OutsideThreshold',
  },
  'threshold: NaN': {
    rule: { kind: 'threshold' },
    others: [],
    own: Number.NaN,
    want: 'ValueNotFinite',
  },
  'none: goes on whatever comes': {
    rule: { kind: 'none' },
    others: [1],
    own: Number.NaN,
    want: 'NoRule',
  },
};
for (const [name, { rule, goal = 'maximize', others, own, best, want }] of Object.entries(cases)) {
  test(name, () => {
    const ownEntry = { order: others.length, value: own, ...(best === undefined ? {} : { best }) };
    const verdict = decide(rule, goal, { milestone: 1, entries: entriesOf(others), own: ownEntry });
    assert.equal(verdict.reason, want, verdict.message);
    const stops = ['BelowCutoff', 'OutsideThreshold', 'ValueNotFinite'].includes(want);
    assert.equal(verdict.kind, stops ? 'stop' : 'continue');
  });
}

function entriesOf(values: readonly number[]) {
  return values.map((value, order) => ({ order, value }));
}

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
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([4, 1], 0.5), 2.5);
  assert.equal(quantile([4, 1], 0), 1);
  assert.equal(quantile([4, 1], 1), 4);
  assert.equal(quantile([1, Number.POSITIVE_INFINITY], 0), 1);
  assert.equal(
    quantile([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.3),
    Number.POSITIVE_INFINITY,
  );
  assert.equal(quantile([-1.7e308, 1.7e308], 0.5), 0);
});

test('K7 bestFinite never takes NaN or an infinity', () => {
  assert.equal(bestFinite('maximize', [Number.NaN, 1, Number.POSITIVE_INFINITY, 3, 2]), 3);
  assert.equal(bestFinite('minimize', [Number.NaN, 1, Number.NEGATIVE_INFINITY, 3]), 1);
  assert.equal(bestFinite('minimize', [Number.NaN]), undefined);
});

const invalid: Record<string, { rule: StopRule; want: readonly string[] }> = {
  'sound asha': { rule: ASHA, want: [] },
  'sound median': { rule: { ...MEDIAN, max: 10, percentile: 10, minEntries: 1 }, want: [] },
  'sound threshold': { rule: { kind: 'threshold', lower: 0, upper: 1, interval: 2 }, want: [] },
  'no rule': { rule: { kind: 'none' }, want: [] },
  'asha out of range': {
    rule: { kind: 'asha', min: 0, max: Number.NaN, eta: 1, minRungSize: 0 },
    want: [
      'min out-of-range',
      'max not-a-number',
      'min bounds-empty',
      'eta out-of-range',
      'minRungSize out-of-range',
    ],
  },
  'median out of range': {
    rule: { kind: 'median', min: 5, max: 5, interval: 0, percentile: 100, minEntries: 0 },
    want: [
      'min bounds-empty',
      'interval out-of-range',
      'percentile bounds-empty',
      'minEntries out-of-range',
    ],
  },
  'threshold the wrong way round': {
    rule: { kind: 'threshold', lower: 2, upper: 1 },
    want: ['lower bounds-empty'],
  },
};
for (const [name, { rule, want }] of Object.entries(invalid)) {
  test(`checkRule: ${name}`, () => {
    assert.deepEqual(
      checkRule(rule).map(({ field, code }) => `${field} ${code}`),
      want,
    );
  });
}
