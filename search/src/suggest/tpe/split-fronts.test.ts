import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dominates, type Losses } from '../../pareto/dominance.ts';
import { hypervolume } from '../../pareto/hypervolume.ts';
import { compileSpace } from '../../space/compile.ts';
import { float } from '../../testing/search.ts';
import type { Goal, HistoryEntry, Problem } from '../problem.ts';
import { suggest } from '../suggest.ts';
import { splitFronts } from './split-fronts.ts';

const GOALS: readonly Goal[] = ['maximize', 'minimize'];

function entry(index: number, changes: Partial<HistoryEntry>): HistoryEntry {
  const [value] = changes.values ?? [];
  const base = { index, configuration: {}, outcome: 'succeeded' as const };
  return { ...base, ...(value === undefined ? {} : { value }), ...changes };
}

test('U24 nothing that was left above beats in all objectives what went below', () => {
  const values = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.array(values, { maxLength: 80 }), (all) => {
      const results = all.map((pair, i) => entry(i, { values: pair }));
      const { below, above } = splitFronts(GOALS, results);
      assert.equal(below.length, Math.ceil(all.length / 10));
      const lossesAt = (row: number): Losses => {
        const [a = 0, b = 0] = all[row] ?? [];
        return [-a, b];
      };
      for (const row of above) {
        for (const kept of below) assert.ok(!dominates(lossesAt(row), lossesAt(kept)));
      }
    }),
    { numRuns: 500 },
  );
});

test('U24 behind complete results come stopped ones, then those that miss constraints by little', () => {
  const rows = [
    entry(0, { values: [9, 0], violation: 5 }),
    entry(1, { values: [9, 0], violation: 0.5 }),
    entry(2, { values: [9, 0], violation: Number.NaN }),
    entry(3, { values: [9, 0], outcome: 'stopped', step: 1 }),
    entry(4, { values: [9, 0], outcome: 'stopped', step: 4 }),
    entry(5, { value: 9 }),
    entry(6, { values: [1, 1], violation: 0 }),
    entry(7, { values: [9, 0], outcome: 'infeasible' }),
    entry(8, { values: [9, Number.NaN] }),
  ];
  const belowOf = (count: number) => {
    const more = Array.from({ length: count }, (_, i) => entry(9 + i, { outcome: 'diverged' }));
    return [...splitFronts(GOALS, [...rows, ...more]).below];
  };
  assert.deepEqual(belowOf(1), [6]);
  // Without all objectives a complete result is behind the complete ones, before those stopped.
  assert.deepEqual(belowOf(11), [5, 6]);
  assert.deepEqual(belowOf(41), [4, 5, 6, 8, 3].sort());
  assert.deepEqual(belowOf(51), [1, 3, 4, 5, 6, 8]);
});

const bowls = ({ x, y }: Record<string, number>): number[] => {
  const far = (a: number, b: number) => ((x ?? 0) - a) ** 2 + ((y ?? 0) - b) ** 2;
  return [far(0.2, 0.3), far(0.7, 0.6)];
};

function volumeReached(algorithm: string, seed: number, isConstrained: boolean): number {
  const problem: Problem = {
    space: compileSpace(['x', 'y', 'u', 'v'].map((name) => float(name))),
    ...{ goal: 'minimize', goals: ['minimize', 'minimize'], algorithm, seed, maxTrials: 80 },
    isConstrained,
  };
  const entries: HistoryEntry[] = [];
  for (let index = 0; index < 80; index++) {
    const suggestion = suggest(problem, { entries, running: [] }, index);
    if (suggestion.kind === 'exhausted') break;
    const { configuration } = suggestion;
    const at = configuration as Record<string, number>;
    const waste = (at['u'] ?? 0) + (at['v'] ?? 0);
    const values = bowls(at).map((value) => value + waste / 4);
    const violation = isConstrained ? Math.max(0, waste - 0.4) : 0;
    entries.push({ ...entry(index, { values }), configuration, violation });
  }
  const kept = entries.filter(({ violation }) => violation === 0);
  return hypervolume(
    kept.map(({ values = [] }) => values),
    [1, 1],
  );
}

for (const isConstrained of [false, true]) {
  const what = isConstrained ? 'under a constraint' : 'without constraints';
  test(`U24 TPE dominates more than random search at equal trials ${what}`, (t) => {
    const mean = (algorithm: string) =>
      [1, 2, 3, 4, 5].reduce(
        (sum, seed) => sum + volumeReached(algorithm, seed, isConstrained),
        0,
      ) / 5;
    const [tpe, random] = [mean('tpe'), mean('random')];
    t.diagnostic(`mean hypervolume of 5 seeds, 80 trials: tpe ${tpe}, random ${random}`);
    assert.ok(tpe > random + 0.05, `${tpe} against ${random}`);
  });
}
