import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_RUNGS, rungMilestones } from './milestones.ts';
import type { StopRule } from './rule.ts';

const upTo = (last: number, step = 1) =>
  Array.from({ length: last / step }, (_, i) => (i + 1) * step);

const cases: Record<string, { rule: StopRule; want: readonly number[] }> = {
  'asha: powers of eta below max': {
    rule: { kind: 'asha', min: 1, max: 20, eta: 4, minRungSize: 4 },
    want: [1, 4, 16],
  },
  'asha: max itself is not judged': {
    rule: { kind: 'asha', min: 1, max: 16, eta: 4, minRungSize: 4 },
    want: [1, 4],
  },
  'median: every interval from min': {
    rule: { kind: 'median', min: 2, interval: 3, max: 12 },
    want: [2, 5, 8, 11],
  },
  'median: without max the first 64': {
    rule: { kind: 'median', min: 1, interval: 1 },
    want: upTo(64),
  },
  'median: 64 fit': { rule: { kind: 'median', min: 1, interval: 1, max: 65 }, want: upTo(64) },
  'median: one more doubles the interval': {
    rule: { kind: 'median', min: 2, interval: 2, max: 132 },
    want: Array.from({ length: 33 }, (_, i) => 2 + 4 * i),
  },
  'threshold: every step by default': {
    rule: { kind: 'threshold', upper: 9, max: 4 },
    want: [1, 2, 3],
  },
  'threshold: from its min': {
    rule: { kind: 'threshold', upper: 9, min: 5, interval: 5, max: 16 },
    want: [5, 10, 15],
  },
  'none: never': { rule: { kind: 'none' }, want: [] },
};
for (const [name, { rule, want }] of Object.entries(cases)) {
  test(`milestones of ${name}`, () => assert.deepEqual(rungMilestones(rule), want));
}

test('milestones ascend from min, stay below max and number at most 64', () => {
  const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
  const max = fc.option(positive, { nil: undefined });
  const maxOf = (value: number | undefined) => (value === undefined ? {} : { max: value });
  const rules: fc.Arbitrary<Exclude<StopRule, { kind: 'none' }>> = fc.oneof(
    fc.tuple(positive, max, fc.integer({ min: 2, max: 10 })).map(([min, end, eta]) => ({
      kind: 'asha' as const,
      min,
      eta,
      minRungSize: 4,
      ...maxOf(end),
    })),
    fc
      .tuple(positive, max, positive)
      .map(([min, end, interval]) => ({ kind: 'median' as const, min, interval, ...maxOf(end) })),
  );
  fc.assert(
    fc.property(rules, (rule) => {
      const milestones = rungMilestones(rule);
      assert.ok(milestones.length <= MAX_RUNGS);
      if ((rule.max ?? Number.POSITIVE_INFINITY) > (rule.min ?? 1))
        assert.equal(milestones[0], rule.min);
      for (const [i, milestone] of milestones.entries()) {
        assert.ok(milestone < (rule.max ?? Number.POSITIVE_INFINITY));
        assert.ok(i === 0 || milestone > (milestones[i - 1] ?? 0));
      }
    }),
    { numRuns: 1000 },
  );
});
