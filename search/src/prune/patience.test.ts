import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRule } from './check-rule.ts';
import { decide } from './decide.ts';
import { rungMilestones } from './milestones.ts';
import type { AshaRule, OwnEntry, PatienceRule, RungEntry } from './rule.ts';

const ALONE: PatienceRule = { kind: 'patience', patience: 2, rule: { kind: 'none' } };
const ASHA: AshaRule = { kind: 'asha', min: 1, eta: 2, minRungSize: 1 };
const WRAPPED: PatienceRule = { kind: 'patience', patience: 2, minDelta: 0.1, rule: ASHA };
const others = (...values: number[]): RungEntry[] =>
  values.map((value, order) => ({ order, value }));

const cases: Record<
  string,
  { rule: PatienceRule; own: Partial<OwnEntry>; entries?: RungEntry[]; want: string }
> = {
  'a first value goes on': { rule: ALONE, own: { value: 1 }, want: 'StillImproving' },
  'patience counts rungs': { rule: ALONE, own: { past: [1], value: 1 }, want: 'StillImproving' },
  'two rungs without a better value end it': {
    rule: ALONE,
    own: { past: [1, 0.5], value: 0.9 },
    want: 'PatienceLost',
  },
  'a better value within the last two is enough': {
    rule: ALONE,
    own: { past: [1, 2], value: 0.9 },
    want: 'StillImproving',
  },
  'an improvement by no more than minDelta is none': {
    rule: { ...ALONE, minDelta: 0.5 },
    own: { past: [1, 1.2], value: 1.5 },
    want: 'PatienceLost',
  },
  'NaN in the past never counts as better': {
    rule: ALONE,
    own: { past: [1, Number.NaN], value: 1 },
    want: 'PatienceLost',
  },
  'the wrapped rule is not asked while it gets better': {
    rule: WRAPPED,
    own: { past: [0.1], value: 0.2 },
    entries: others(5, 6, 7),
    want: 'StillImproving',
  },
  'behind and no better any more: stopped by the wrapped rule': {
    rule: WRAPPED,
    own: { past: [1, 1], value: 1.05 },
    entries: others(5, 6, 7),
    want: 'BelowCutoff',
  },
  'no better any more but ahead: goes on by the wrapped rule': {
    rule: WRAPPED,
    own: { past: [9, 9], value: 9 },
    entries: others(5, 6, 7),
    want: 'WithinCutoff',
  },
  'K7 a value that is not finite stops at once': {
    rule: WRAPPED,
    own: { value: Number.NaN },
    want: 'ValueNotFinite',
  },
};
for (const [name, { rule, own, entries = [], want }] of Object.entries(cases)) {
  test(name, () => {
    const rung = { milestone: 1, entries, own: { order: entries.length, value: 0, ...own } };
    assert.equal(decide(rule, 'maximize', rung).reason, want);
  });
}

test('the rungs are those of the wrapped rule, or of its own interval', () => {
  assert.deepEqual(rungMilestones({ ...WRAPPED, rule: { ...ASHA, max: 8 } }), [1, 2, 4]);
  assert.deepEqual(rungMilestones({ ...ALONE, min: 2, interval: 3, max: 9 }), [2, 5, 8]);
  assert.equal(rungMilestones(ALONE).length, 64);
});

test('problems of the wrapped rule carry its field', () => {
  const wrong: PatienceRule = { ...WRAPPED, patience: 0, rule: { ...ASHA, eta: 1 } };
  assert.deepEqual(
    checkRule(wrong).map(({ field }) => field),
    ['patience', 'rule.eta'],
  );
  assert.deepEqual(checkRule(WRAPPED), []);
});
