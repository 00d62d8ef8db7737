import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from './decide.ts';
import { bestFinite } from './rank.ts';
import type { StopRule } from './rule.ts';
import { RungFold } from './rung-fold.ts';

const ASHA = { kind: 'asha', min: 1, eta: 3, minRungSize: 2 } as const;
const MEDIAN = { kind: 'median', min: 1, interval: 1 } as const;
const rules = fc.constantFrom<StopRule>(
  { kind: 'none' },
  ASHA,
  { ...ASHA, eta: 4, minRungSize: 4 },
  MEDIAN,
  { ...MEDIAN, percentile: 20, minEntries: 1 },
  { kind: 'threshold', lower: -1 },
  { kind: 'promotion', min: 1, eta: 2 },
  { kind: 'patience', patience: 2, rule: MEDIAN },
);
/** Few different values, so that there are ties, and all that is not finite. */
const value = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

test('a rung as a fold gives the verdicts of decide, message included, arrival after arrival', () => {
  let verdicts = 0;
  fc.assert(
    fc.property(
      rules,
      fc.constantFrom('maximize' as const, 'minimize' as const),
      fc.array(fc.tuple(value, fc.array(value, { maxLength: 3 })), { maxLength: 40 }),
      (rule, goal, arrivals) => {
        const fold = new RungFold(rule, goal, 4);
        const entries: { order: number; value: number }[] = [];
        for (const [order, [arrived, past]] of arrivals.entries()) {
          const best = bestFinite(goal, [...past, arrived]);
          const own = { order, value: arrived, past, ...(best === undefined ? {} : { best }) };
          const wanted = decide(rule, goal, { milestone: 4, entries, own });
          assert.deepEqual(fold.decide(own), wanted);
          fold.add(own);
          entries.unshift({ order, value: arrived });
          verdicts += 1;
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(verdicts > 1000, `only ${verdicts} verdicts`);
});
