import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkRule } from './check-rule.ts';
import { decide } from './decide.ts';
import { rungMilestones } from './milestones.ts';
import { mayPromote, PromotionTable } from './promotion.ts';
import type { PromotionRule } from './rule.ts';

const RULE: PromotionRule = { kind: 'promotion', min: 1, eta: 3, max: 9 };

/** A rung by its values in order of arrival; `paused` are the places that wait. */
interface Filled {
  readonly milestone: number;
  readonly values: readonly number[];
  readonly paused: readonly number[];
}
function rung(milestone: number, values: number[], paused: number[]): Filled {
  return { milestone, values, paused };
}

/** Trials are numbered by rung and place. */
function table(rungs: readonly Filled[], turned = false): PromotionTable {
  const filled = new PromotionTable(RULE, 'maximize');
  for (const { milestone, values, paused } of turned ? rungs.toReversed() : rungs) {
    const places = [...values.entries()];
    for (const [order, value] of turned ? places.toReversed() : places) {
      const index = 100 * milestone + order;
      filled.add(milestone, { index, order, value });
      filled.setWaiting(index, paused.includes(order) ? milestone : undefined);
    }
  }
  return filled;
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

const scans: Record<string, { rungs: Filled[]; want: number | undefined }> = {
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
    assert.equal(table(rungs).next(false)?.index, want);
    assert.equal(table(rungs, true).next(false)?.index, want);
  });
}

test('at the end the best of the highest rung goes on, one after the other, until one is through', () => {
  const filled = table([rung(1, [5, 9, 7], [0, 2]), rung(3, [4], [0])]);
  assert.equal(filled.next(false), undefined);
  assert.equal(filled.next(true)?.index, 300);
  filled.setWaiting(300, undefined);
  assert.equal(filled.next(true), undefined, 'the best of rung 1 went on before');
});

test('K6 with free slots a bracket never wedges, and about 1/eta of each rung are promoted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (values) => {
      const filled = table([rung(1, values, [...values.keys()])]);
      let promoted = 0;
      for (let next = filled.next(false); next !== undefined; next = filled.next(false)) {
        filled.setWaiting(next.index, undefined);
        promoted += 1;
        assert.ok(promoted <= values.length);
      }
      assert.equal(promoted, Math.floor(values.length / 3));
    }),
  );
});

test('a promotion can be checked from the entries that had arrived', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 2, 3, Number.NaN), { minLength: 1, maxLength: 30 }),
      (values) => {
        const entries = values.map((value, order) => ({ order, value }));
        const next = table([rung(1, values, [...values.keys()])]).next(true);
        const may = entries.filter((own) => mayPromote(RULE, 'maximize', entries, own));
        assert.equal(next === undefined, may.length === 0);
        if (next === undefined) return;
        assert.ok(may.some(({ order }) => order === next.index - 100));
        assert.equal(may.length <= Math.max(1, Math.floor(values.length / 3)), true);
      },
    ),
  );
});

test('of equals that have the same order the lower number goes on, whoever was read first', () => {
  for (const indices of [
    [7, 3, 5],
    [3, 5, 7],
  ]) {
    const filled = new PromotionTable(RULE, 'maximize');
    for (const index of indices) {
      filled.add(1, { index, order: 0, value: 1 });
      filled.setWaiting(index, 1);
    }
    assert.equal(filled.next(false)?.index, 3);
  }
});

test('a trial that is taken out is no rival any more', () => {
  const filled = table([rung(1, [1, 5, 2], [0, 1, 2])]);
  filled.remove(101);
  assert.equal(filled.next(false), undefined);
  assert.equal(filled.next(true)?.index, 102);
});

test('the rungs are those of asha and the fields are checked', () => {
  assert.deepEqual(rungMilestones(RULE), [1, 3]);
  assert.deepEqual(checkRule(RULE), []);
  assert.deepEqual(
    checkRule({ ...RULE, eta: 1, min: 10 }).map(({ field }) => field),
    ['min', 'eta'],
  );
});
