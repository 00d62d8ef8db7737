import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSpace } from '../../space/compile.ts';
import { isInSpace } from '../../space/configuration.ts';
import type { Dimension } from '../../space/dimension.ts';
import { spaces } from '../../testing/arbitraries.ts';
import { finished, float, meanBest, runSearch } from '../../testing/search.ts';
import type { HistoryEntry } from '../problem.ts';
import { suggest } from '../suggest.ts';

const SPHERE = [0, 1, 2, 3].map((i) => float(`x${i}`, -1, 1));
const sphere = (at: Record<string, number>) =>
  Object.values(at).reduce((sum, x, i) => sum + (x - 0.2 * i + 0.1) ** 2, 0);

const TABLE: Dimension[] = [0, 1, 2, 3, 4].map((i) => ({
  ...{ name: `x${i}`, kind: 'ordinal', type: 'int' },
  values: [0, 1, 2, 3, 4, 5, 6, 7],
}));
const table = (at: Record<string, number>) =>
  Object.values(at).reduce((sum, x, i) => sum + Math.abs(x - 1 - i), 0);

const BRANCHES: Dimension[] = [
  { name: 'kind', kind: 'categorical', type: 'string', values: ['a', 'b', 'c'] },
  ...['a', 'b', 'c'].flatMap((letter) => [
    { ...float(`u_${letter}`), when: { parent: 'kind', in: [letter] } },
    {
      ...{ name: `n_${letter}`, kind: 'int' as const, min: 1, max: 9, scale: 'linear' as const },
      when: { parent: 'kind', in: [letter] },
    },
  ]),
];
const branches = (at: Record<string, number>) => {
  const letter = String(at['kind']);
  const offset = letter === 'b' ? 0 : 0.3;
  const n = at[`n_${letter}`] ?? 0;
  return offset + ((at[`u_${letter}`] ?? 0) - 0.7) ** 2 + Math.abs(n - 3) / 10;
};

const functions = {
  'a smooth function': { dimensions: SPHERE, objective: sphere, wantShare: 0.2 },
  'a table of ordinals': { dimensions: TABLE, objective: table, wantShare: 0.35 },
  'a space of branches': { dimensions: BRANCHES, objective: branches, wantShare: 0.3 },
};
for (const [name, { wantShare, ...given }] of Object.entries(functions)) {
  test(`on ${name} tpe leaves at most ${wantShare} of random's regret`, () => {
    const random = meanBest({ ...given, algorithm: 'random', trials: 80 }, 12);
    const tpe = meanBest({ ...given, algorithm: 'tpe', trials: 80 }, 12);
    assert.ok(tpe < wantShare * random, `${tpe} against ${random}`);
  });
}

test('with 16 workers tpe is still ahead of random', () => {
  const given = { dimensions: SPHERE, objective: sphere, trials: 120, workers: 16 };
  const random = meanBest({ ...given, algorithm: 'random' }, 6);
  const tpe = meanBest({ ...given, algorithm: 'tpe' }, 6);
  assert.ok(tpe < 0.35 * random, `${tpe} against ${random}`);
});

test('the first ten are those of random with the same seed', () => {
  const of = (algorithm: string) =>
    runSearch({ dimensions: SPHERE, algorithm, seed: 3, trials: 10, objective: sphere }).entries;
  assert.deepEqual(of('tpe'), of('random'));
});

test('what is asked before ten results are known are the Sobol points of the numbers from ten on', () => {
  const problem = (algorithm: string) => ({
    ...{ space: compileSpace(SPHERE), goal: 'minimize' as const },
    ...{ algorithm, seed: 3, maxTrials: 100 },
  });
  const running = [...Array(40).keys()].map((index) => ({ index, configuration: {} }));
  const of = (algorithm: string, index: number) => {
    const suggestion = suggest(problem(algorithm), { entries: [], running }, index);
    return suggestion.kind === 'suggested' && suggestion.configuration;
  };
  for (const algorithm of ['tpe', 'gp', 'auto']) {
    assert.deepEqual(of(algorithm, 9), of('random', 9));
    for (const index of [10, 40, 2 ** 31])
      assert.deepEqual(of(algorithm, index), of('sobol', index));
    assert.deepEqual(of(algorithm, 2 ** 33), of('random', 2 ** 33));
  }
});

test('a configuration is tried twice only once there is no other among the candidates', () => {
  const dimensions: Dimension[] = [{ name: 'k', kind: 'int', min: 1, max: 30, scale: 'linear' }];
  const objective = ({ k = 0 }: Record<string, number>) => (k - 17) ** 2;
  const { entries } = runSearch({ dimensions, algorithm: 'tpe', seed: 1, trials: 36, objective });
  const fromModel = entries.slice(10).map(({ configuration }) => configuration['k']);
  const before = new Set(entries.slice(0, 10).map(({ configuration }) => configuration['k']));
  const others = 30 - before.size;
  assert.ok(new Set(fromModel).size >= others - 2, `${fromModel}`);
});

test('K6 a region where every trial fails is left', () => {
  const dimensions = [float('x')];
  const objective = ({ x = 0 }: Record<string, number>) => x;
  const { entries } = runSearch({ dimensions, algorithm: 'tpe', seed: 1, trials: 30, objective });
  // The best half of the range fails.
  const past: HistoryEntry[] = entries.map((entry) =>
    (entry.value ?? 0) < 0.5 ? { ...entry, outcome: 'failed' } : entry,
  );
  const problem = {
    ...{ space: compileSpace(dimensions), goal: 'minimize' as const },
    ...{ algorithm: 'tpe', seed: 1, maxTrials: 100 },
  };
  let failing = 0;
  for (let index = 30; index < 60; index++) {
    const suggestion = suggest(problem, { entries: past, running: [] }, index);
    if (suggestion.kind === 'suggested' && Number(suggestion.configuration['x']) < 0.5) failing++;
  }
  assert.ok(failing < 12, `${failing} of 30 in the failing half`);
});

const pathological: Record<string, (i: number) => Partial<HistoryEntry>> = {
  'all equal': () => ({ value: 1 }),
  'all failed': () => ({ outcome: 'failed' }),
  'all NaN': () => ({ value: Number.NaN }),
  'all diverged': () => ({ outcome: 'diverged', value: Number.POSITIVE_INFINITY }),
  'huge values': (i) => ({ value: i % 2 === 0 ? 1.7e308 : -1.7e308 }),
  'no value at all': () => ({}),
};
for (const [name, resultOf] of Object.entries(pathological)) {
  test(`a history of ${name} gives configurations of the space`, () => {
    fc.assert(
      fc.property(spaces('any'), fc.nat(), (dimensions, seed) => {
        const space = compileSpace(dimensions);
        const given = { space, goal: 'maximize' as const, seed, maxTrials: 100 };
        const drawn = [...Array(25).keys()].map((index) => {
          const suggestion = suggest(
            { ...given, algorithm: 'random' },
            { entries: [], running: [] },
            // One configuration over and over for half of the histories.
            seed % 2 === 0 ? index : 0,
          );
          return suggestion.kind === 'suggested' ? suggestion.configuration : {};
        });
        const entries = finished(drawn, resultOf);
        for (const index of [25, 26, 1000]) {
          const history = { entries, running: [{ index: 24.5, configuration: drawn[0] ?? {} }] };
          const suggestion = suggest({ ...given, algorithm: 'tpe' }, history, index);
          assert.ok(suggestion.kind === 'suggested' && isInSpace(space, suggestion.configuration));
        }
      }),
      { numRuns: 60 },
    );
  });
}

test('configurations of another space in the history do no harm', () => {
  const space = compileSpace([...SPHERE, ...BRANCHES]);
  const entries = finished(
    [...Array(20).keys()].map((i) => (i % 2 ? { x0: 'seven', kind: 'z', n_a: 99 } : {})),
    (index) => ({ value: index }),
  );
  const problem = { space, goal: 'minimize', algorithm: 'tpe', seed: 1, maxTrials: 9 } as const;
  const suggestion = suggest(problem, { entries, running: [] }, 20);
  assert.ok(suggestion.kind === 'suggested' && isInSpace(space, suggestion.configuration));
});
