import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bracketOf, bracketRule, checkHyperband, hyperbandBrackets } from './hyperband.ts';
import { rungMilestones } from './milestones.ts';

const RULE = { min: 1, max: 81, eta: 3, minRungSize: 3 };

test('five brackets from 1 to 81, sized as their work is worth', () => {
  // ceil(5 * 3^s / (s + 1)) for s = 4 .. 0.
  const sizes = [81, 34, 15, 8, 5];
  const total = 143;
  assert.deepEqual(
    hyperbandBrackets(RULE),
    sizes.map((size) => size / total),
  );
});

test('each bracket begins one rung later, and the last judges nobody', () => {
  const rungs = [0, 1, 4].map((bracket) => rungMilestones(bracketRule(RULE, bracket)));
  assert.deepEqual(rungs, [[1, 3, 9, 27], [3, 9, 27], []]);
});

test('rounding costs no bracket', () => {
  assert.equal(hyperbandBrackets({ ...RULE, min: 0.1, max: 0.9 }).length, 3);
  assert.equal(hyperbandBrackets({ ...RULE, min: 0.3, max: 2.7 }).length, 3);
});

test('the bracket is a matter of seed and number, in the shares of the brackets', () => {
  const counts = [0, 0, 0, 0, 0];
  const n = 4000;
  for (let index = 0; index < n; index++) {
    const bracket = bracketOf(RULE, 7, index);
    assert.equal(bracketOf(RULE, 7, index), bracket);
    counts[bracket] = (counts[bracket] ?? 0) + 1;
  }
  for (const [bracket, share] of hyperbandBrackets(RULE).entries()) {
    const slack = 5 * Math.sqrt(n * share * (1 - share));
    assert.ok(Math.abs((counts[bracket] ?? 0) - n * share) < slack, `${counts}`);
  }
  const other = Array.from({ length: 50 }, (_, index) => bracketOf(RULE, 8, index));
  assert.notDeepEqual(
    other,
    Array.from({ length: 50 }, (_, index) => bracketOf(RULE, 7, index)),
  );
});

test('a range that is empty is refused', () => {
  assert.deepEqual(checkHyperband(RULE), []);
  assert.deepEqual(
    checkHyperband({ ...RULE, max: 1 }).map(({ field }) => field),
    ['min'],
  );
});
