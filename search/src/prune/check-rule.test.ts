import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRule } from './check-rule.ts';
import type { AshaRule, MedianRule, StopRule } from './rule.ts';

const ASHA: AshaRule = { kind: 'asha', min: 1, eta: 4, minRungSize: 4 };
const MEDIAN: MedianRule = { kind: 'median', min: 1, interval: 1 };

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
