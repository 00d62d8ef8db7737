import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Goal } from '../suggest/problem.ts';
import { decide } from './decide.ts';
import type { AshaRule, MedianRule, StopRule, VerdictReason } from './rule.ts';

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
