import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSpace } from '../space/compile.ts';
import type { Dimension } from '../space/dimension.ts';
import type { HistoryEntry } from '../suggest/problem.ts';
import { spaces } from '../testing/arbitraries.ts';
import { float, runSearch } from '../testing/search.ts';
import { pearsonDivergence, smoothedDensity } from './grid-density.ts';
import { importance } from './importance.ts';

const SPACE: Dimension[] = [
  float('x'),
  { name: 'lr', kind: 'float', min: 1e-4, max: 1, scale: 'log' },
  { name: 'n', kind: 'int', min: 1, max: 8, scale: 'linear' },
  { name: 'c', kind: 'categorical', type: 'string', values: ['a', 'b', 'c'] },
  { name: 'epochs', kind: 'fixed', type: 'int', value: 10 },
];
const BRANCH: Dimension[] = [
  { name: 'kind', kind: 'categorical', type: 'string', values: ['a', 'b'] },
  float('free'),
  { ...float('y'), when: { parent: 'kind', in: ['a'] } },
  { ...float('z'), when: { parent: 'kind', in: ['b'] } },
];

type At = Record<string, number>;
function ranking(dimensions: readonly Dimension[], objective: (at: At) => number, trials = 300) {
  const { entries } = runSearch({ dimensions, algorithm: 'random', seed: 2, trials, objective });
  const problem = { space: compileSpace(dimensions), goal: 'minimize' } as const;
  return { problem, entries, found: importance(problem, { entries, running: [] }) };
}

const cases: Record<
  string,
  { dimensions: Dimension[]; objective: (at: At) => number; want: string }
> = {
  'a float': { dimensions: SPACE, objective: ({ x = 0 }) => Math.abs(x - 0.3), want: 'x' },
  'a float on a log scale': {
    dimensions: SPACE,
    objective: ({ lr = 1, x = 0 }) => Math.abs(Math.log10(lr) + 2) + 0.1 * x,
    want: 'lr',
  },
  'a whole number': { dimensions: SPACE, objective: ({ n = 0, x = 0 }) => n + 0.5 * x, want: 'n' },
  'a choice': {
    dimensions: SPACE,
    objective: ({ c, x = 0 }) => (String(c) === 'b' ? 0 : 1) + 0.1 * Math.abs(x - 0.5),
    want: 'c',
  },
  'a parameter of one branch': {
    dimensions: BRANCH,
    objective: ({ y = 1, free = 0 }) => Math.abs(y - 0.5) + 0.05 * free,
    want: 'y',
  },
};
for (const [name, { dimensions, objective, want }] of Object.entries(cases)) {
  test(`the most important parameter is found: ${name}`, () => {
    const { found } = ranking(dimensions, objective);
    assert.equal(found[0]?.name, want, JSON.stringify(found));
    assert.ok(Math.abs(found.reduce((sum, { importance: share }) => sum + share, 0) - 1) < 1e-12);
    assert.ok(!found.some(({ name: listed }) => listed === 'epochs'));
  });
}

test('a parameter of a branch that no good configuration has is of no importance', () => {
  const { found } = ranking(BRANCH, ({ y = 9 }) => Math.abs(y - 0.5));
  assert.equal(found.find(({ name }) => name === 'z')?.importance, 0);
});

test('an irrelevant choice of many values stays behind', () => {
  const many = Array.from({ length: 12 }, (_, i) => `v${i}`);
  const dimensions: Dimension[] = [
    float('x'),
    { name: 'c', kind: 'categorical', type: 'string', values: many },
  ];
  const { found } = ranking(dimensions, ({ x = 0 }) => x, 200);
  assert.ok((found[0]?.importance ?? 0) > 0.85, JSON.stringify(found));
});

const hopeless: Record<string, Partial<HistoryEntry>> = {
  'equal values': { value: 1 },
  failures: { outcome: 'failed' },
  divergence: { outcome: 'diverged', value: Number.NaN },
};
for (const [name, changes] of Object.entries(hopeless)) {
  test(`a history of ${name} makes nothing important`, () => {
    const { problem, entries } = ranking(SPACE, () => 0, 40);
    const same = entries.map((entry) => ({ ...entry, ...changes }));
    const found = importance(problem, { entries: same, running: [] });
    assert.ok(found.every(({ importance: share }) => share < 1e-9));
    assert.equal(found.length, 4);
  });
}

test('shares are finite numbers on any space, and the order of the entries changes nothing', () => {
  fc.assert(
    fc.property(spaces('any'), fc.nat(40), fc.nat(), (dimensions, trials, seed) => {
      const goal = 'maximize' as const;
      const objective = (at: At) =>
        Object.keys(at).length + (Number(Object.values(at)[0]) || 0) / 7;
      const run = { dimensions, algorithm: 'random', seed, trials: trials + 1, goal, objective };
      const { entries } = runSearch(run);
      const problem = { space: compileSpace(dimensions), goal };
      const found = importance(problem, { entries, running: [] });
      for (const { importance: share } of found) assert.ok(share >= 0 && share <= 1 + 1e-9);
      const turned = importance(problem, { entries: entries.toReversed(), running: [] });
      assert.deepEqual(turned, found);
    }),
    { numRuns: 200 },
  );
});

test('a smoothed density sums to 1, and its divergence from itself is 0', () => {
  const counts = fc.array(fc.nat(9), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(counts, (numbers) => {
      fc.pre(numbers.some((count) => count > 0));
      const density = smoothedDensity(Float64Array.from(numbers));
      assert.ok(Math.abs(density.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
      assert.equal(pearsonDivergence(density, density), 0);
    }),
  );
});
