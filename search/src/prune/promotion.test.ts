import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkRule } from './check-rule.ts';
import { decide } from './decide.ts';
import { rungMilestones } from './milestones.ts';
import { nextPromotion, type PromotionEntry, type PromotionRung } from './promotion.ts';
import type { PromotionRule } from './rule.ts';

const RULE: PromotionRule = { kind: 'promotion', min: 1, eta: 3, max: 9 };

/** A rung by its values in order of arrival; `paused` are the places that wait. */
function rung(milestone: number, values: number[], paused: number[]): PromotionRung {
  const entries = values.map(
    (value, order): PromotionEntry => ({
      ...{ order, value, index: 100 * milestone + order },
      isPaused: paused.includes(order),
    }),
  );
  return { milestone, entries };
}

const verdicts: Record<string, { others: number[]; value: number; want: string }> = {
  'the first waits': { others: [], value: 9, want: 'pause' },
  'the best of three goes on at once': { others: [1, 2], value: 3, want: 'continue' },
  'the second of three waits': { others: [1, 3], value: 2, want: 'pause' },
  'an equal waits behind who came first': { others: [3, 1], value: 3, want: 'pause' },
  'K6 others that diverged are behind': {
    others: [Number.NaN, Infinity],
    value: 0,
    want: 'continue',
  },
  'K7 a diverged one stops': { others: [1, 2], value: Number.NaN, want: 'stop' },
};
for (const [name, { others, value, want }] of Object.entries(verdicts)) {
  test(name, () => {
    const entries = others.map((other, order) => ({ order, value: other }));
    const own = { order: others.length, value };
    assert.equal(decide(RULE, 'maximize', { milestone: 1, entries, own }).kind, want);
  });
}

const scans: Record<string, { rungs: PromotionRung[]; want: number | undefined }> = {
  'nothing waits': { rungs: [], want: undefined },
  'two of one rung are too few': { rungs: [rung(1, [1, 2], [0, 1])], want: undefined },
  'the best of three': { rungs: [rung(1, [1, 5, 2], [0, 1, 2])], want: 101 },
  'one that went on is not promoted twice': {
    rungs: [rung(1, [1, 5, 2], [0, 2])],
    want: undefined,
  },
  'of six the second is promoted too': {
    rungs: [rung(1, [1, 5, 2, 0, 3, 4], [0, 2, 3, 4, 5])],
    want: 105,
  },
  'the highest rung comes first': {
    rungs: [rung(1, [1, 5, 2], [0, 1, 2]), rung(3, [7, 8, 9], [0, 1, 2])],
    want: 302,
  },
  'K6 the best of a rung failed further on: it is passed over and holds up nobody': {
    rungs: [rung(1, [9, 8, 7, 6, 5, 4], [1, 2, 3, 4, 5])],
    want: 101,
  },
  'K7 what diverged is never promoted': {
    rungs: [rung(1, [Number.NaN, Number.NaN, Number.NaN], [0, 1, 2])],
    want: undefined,
  },
  'of equals the first to arrive': { rungs: [rung(1, [5, 5, 5], [0, 1, 2])], want: 100 },
};
for (const [name, { rungs, want }] of Object.entries(scans)) {
  test(`promotion: ${name}`, () => {
    assert.equal(nextPromotion(RULE, 'maximize', rungs)?.index, want);
    const turned = rungs.map(({ milestone, entries }) => ({
      milestone,
      entries: entries.toReversed(),
    }));
    assert.equal(nextPromotion(RULE, 'maximize', turned.toReversed())?.index, want);
  });
}

test('K6 with free slots a bracket never wedges, and about 1/eta of each rung are promoted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (values) => {
      const waiting = new Set(values.keys());
      const rungOf = () => rung(1, values, [...waiting]);
      for (let round = 0; round <= values.length; round++) {
        const next = nextPromotion(RULE, 'minimize', [rungOf()]);
        if (next === undefined) break;
        assert.ok(waiting.delete(next.index - 100));
      }
      assert.equal(values.length - waiting.size, Math.floor(values.length / 3));
    }),
  );
});

test('the rungs are those of asha and the fields are checked', () => {
  assert.deepEqual(rungMilestones(RULE), [1, 3]);
  assert.deepEqual(checkRule(RULE), []);
  assert.deepEqual(
    checkRule({ ...RULE, eta: 1, min: 10 }).map(({ field }) => field),
    ['min', 'eta'],
  );
});
