import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace } from '../../space/compile.ts';
import type { Dimension } from '../../space/dimension.ts';
import { finished, float, meanBest, runSearch } from '../../testing/search.ts';
import { observe } from '../observations.ts';
import { checkProblem, suggest } from '../suggest.ts';
import { foldHistory } from './fold.ts';
import { settingsFor } from './settings.ts';

const VALLEY = [0, 1, 2, 3].map((i) => float(`x${i}`, -2, 2));
/** Rosenbrock's function, its minimum 0 at (1, 1, 1, 1). */
function rosenbrock(at: Record<string, number>): number {
  const x = Object.values(at);
  return x.slice(1).reduce((sum, next, i) => {
    const here = x[i] as number;
    return sum + 100 * (next - here * here) ** 2 + (1 - here) ** 2;
  }, 0);
}

test('cma-es follows the valley of Rosenbrock far beyond random', () => {
  const given = { dimensions: VALLEY, objective: rosenbrock, trials: 300 };
  const random = meanBest({ ...given, algorithm: 'random' }, 6);
  const cmaEs = meanBest({ ...given, algorithm: 'cma-es' }, 6);
  assert.ok(cmaEs < 0.12 * random, `${cmaEs} against ${random}`);
});

test('with 16 workers cma-es is still ahead of random', () => {
  const given = { dimensions: VALLEY, objective: rosenbrock, trials: 300, workers: 16 };
  const random = meanBest({ ...given, algorithm: 'random' }, 6);
  const cmaEs = meanBest({ ...given, algorithm: 'cma-es' }, 6);
  assert.ok(cmaEs < 0.35 * random, `${cmaEs} against ${random}`);
});

const LETTER: Dimension = {
  ...{ name: 'c', kind: 'categorical', type: 'string' },
  values: ['a', 'b'],
};
const refused: Record<string, { dimensions: Dimension[]; wantCodes: string[] }> = {
  'choices without an order': { dimensions: [LETTER], wantCodes: ['cma-es-categorical'] },
  'a condition': {
    dimensions: [
      { name: 'n', kind: 'int', min: 1, max: 3, scale: 'linear' },
      { ...float('x'), when: { parent: 'n', in: [2] } },
    ],
    wantCodes: ['cma-es-conditional'],
  },
};
for (const [name, { dimensions, wantCodes }] of Object.entries(refused)) {
  test(`cma-es refuses ${name}`, () => {
    const space = compileSpace(dimensions);
    const problem = {
      space,
      goal: 'minimize',
      algorithm: 'cma-es',
      seed: 1,
      maxTrials: 1,
    } as const;
    assert.deepEqual(
      checkProblem(problem).map(({ code }) => code),
      wantCodes,
    );
  });
}

test('a space in which nothing varies has its one configuration', () => {
  const space = compileSpace([{ name: 'lr', kind: 'fixed', type: 'float', value: 0.1 }]);
  const problem = { space, goal: 'minimize', algorithm: 'cma-es', seed: 1, maxTrials: 1 } as const;
  const suggestion = suggest(problem, { entries: [], running: [] }, 0);
  assert.deepEqual(suggestion.kind === 'suggested' && suggestion.configuration, { lr: 0.1 });
});

test('failures do not count, and a generation of results without value changes nothing', () => {
  const { entries } = runSearch({
    ...{ dimensions: VALLEY, algorithm: 'cma-es', seed: 1, trials: 24 },
    objective: rosenbrock,
  });
  const generationOf = (results: typeof entries) => {
    const observations = observe(compileSpace(VALLEY), { entries: results, running: [] });
    return foldHistory('minimize', observations, settingsFor(4)).generation;
  };
  assert.equal(generationOf(entries), 3);
  assert.equal(generationOf(entries.slice(0, 23)), 2);
  assert.equal(generationOf(entries.map((entry) => ({ ...entry, outcome: 'failed' }))), 0);
  assert.equal(generationOf(entries.map((entry) => ({ ...entry, outcome: 'diverged' }))), 0);
  const configurations = entries.map(({ configuration }) => configuration);
  const half = finished(configurations, (i) =>
    i % 2 === 0 ? { value: i } : { outcome: 'diverged', value: -1 },
  );
  assert.equal(generationOf(half), 3);
});
