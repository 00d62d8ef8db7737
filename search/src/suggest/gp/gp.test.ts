import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace } from '../../space/compile.ts';
import { isInSpace } from '../../space/configuration.ts';
import type { Dimension } from '../../space/dimension.ts';
import { finished, float, meanBest, runSearch } from '../../testing/search.ts';
import type { HistoryEntry, Problem } from '../problem.ts';
import { suggest } from '../suggest.ts';

const BOWL = [float('x', -2, 2), float('y', -2, 2), float('z', -2, 2)];
const bowl = ({ x = 0, y = 0, z = 0 }: Record<string, number>) =>
  (x - 0.7) ** 2 + 2 * (y + 0.3) ** 2 + 0.5 * (z - 1.1) ** 2;

test('on a smooth function gp is far ahead of tpe after 30 configurations', () => {
  const given = { dimensions: BOWL, objective: bowl, trials: 30 };
  const tpe = meanBest({ ...given, algorithm: 'tpe' }, 3);
  const gp = meanBest({ ...given, algorithm: 'gp' }, 3);
  assert.ok(gp < 0.1 * tpe, `${gp} against ${tpe}`);
});

test('with 8 workers gp is still ahead of random', () => {
  const given = { dimensions: BOWL, objective: bowl, trials: 40, workers: 8 };
  const random = meanBest({ ...given, algorithm: 'random' }, 2);
  const gp = meanBest({ ...given, algorithm: 'gp' }, 2);
  assert.ok(gp < 0.1 * random, `${gp} against ${random}`);
});

const MIXED: Dimension[] = [
  { name: 'kind', kind: 'categorical', type: 'string', values: ['a', 'b'] },
  { name: 'n', kind: 'int', min: 1, max: 5, scale: 'linear' },
  { name: 'steps', kind: 'int', min: 1, max: 1000, scale: 'log' },
  { ...float('rate'), when: { parent: 'kind', in: ['b'] } },
  { name: 'deep', kind: 'ordinal', type: 'int', values: [1, 2, 4], when: { parent: 'n', in: [3] } },
  { name: 'epochs', kind: 'fixed', type: 'int', value: 10 },
];
const mixed = (at: Record<string, number>) =>
  (String(at['kind']) === 'b' ? Math.abs((at['rate'] ?? 0) - 0.6) : 1) +
  Math.abs((at['n'] ?? 0) - 3) / 4 +
  Math.abs(Math.log10(at['steps'] ?? 1) - 2);

test('gp finds the branch and the values of a mixed space', () => {
  const given = { dimensions: MIXED, objective: mixed, trials: 36 };
  const gp = meanBest({ ...given, algorithm: 'gp' }, 3);
  assert.ok(gp < 0.1, `${gp}`);
});

const pathological: Record<string, (i: number) => Partial<HistoryEntry>> = {
  'equal values': () => ({ value: 1 }),
  failures: () => ({ outcome: 'failed' }),
  NaN: () => ({ value: Number.NaN }),
  'huge values': (i) => ({ value: i % 2 === 0 ? 1.7e308 : -1.7e308 }),
};
const WIDE = Array.from({ length: 50 }, (_, i) => float(`p${i}`));
const MORE = Array.from({ length: 70 }, (_, i) => float(`p${i}`));
for (const [name, resultOf] of Object.entries(pathological)) {
  test(`a history of ${name} gives configurations of the space`, () => {
    for (const dimensions of [MIXED, WIDE, MORE]) {
      const space = compileSpace(dimensions);
      const run = { dimensions, algorithm: 'random', seed: 4, trials: 14, objective: () => 0 };
      const drawn = runSearch(run).entries.map(({ configuration }) => configuration);
      const once = drawn.map(() => drawn[0] ?? {});
      for (const configurations of [drawn, once, drawn.map(() => ({}))]) {
        const entries = finished(configurations, resultOf);
        const problem: Problem = {
          ...{ space, goal: 'maximize', algorithm: 'gp', seed: 1, maxTrials: 99 },
        };
        const running = [{ index: 14, configuration: drawn[0] ?? {} }];
        const suggestion = suggest(problem, { entries, running }, 15);
        assert.ok(suggestion.kind === 'suggested' && isInSpace(space, suggestion.configuration));
      }
    }
  });
}

test('above 300 results the suggestions are those of tpe', () => {
  const run = { dimensions: BOWL, algorithm: 'random', seed: 1, trials: 301, objective: bowl };
  const { entries } = runSearch(run);
  const of = (algorithm: string, results: number) => {
    const problem: Problem = {
      ...{ space: compileSpace(BOWL), goal: 'minimize', seed: 1, maxTrials: 400 },
      algorithm,
    };
    const history = { entries: entries.slice(0, results), running: [] };
    const suggestion = suggest(problem, history, 301);
    return suggestion.kind === 'suggested' && suggestion.configuration;
  };
  assert.deepEqual(of('gp', 301), of('tpe', 301));
  assert.notDeepEqual(of('gp', 300), of('tpe', 300));
});

test('a small discrete space is walked without repeats until nothing is left', () => {
  const dimensions: Dimension[] = [{ name: 'k', kind: 'int', min: 1, max: 16, scale: 'linear' }];
  const objective = ({ k = 0 }: Record<string, number>) => (k - 9) ** 2;
  const { entries } = runSearch({ dimensions, algorithm: 'gp', seed: 2, trials: 20, objective });
  const before = new Set(entries.slice(0, 10).map(({ configuration }) => configuration['k']));
  const after = entries.slice(10).map(({ configuration }) => configuration['k']);
  const left = 16 - before.size;
  const walked = new Set([...before, ...after.slice(0, left)]);
  assert.equal(walked.size, 16, `${[...before]} then ${after}`);
});
