import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace } from '../space/compile.ts';
import { float, runSearch } from '../testing/search.ts';
import { suggest } from './suggest.ts';

const PAIR = [float('x'), float('y')];
const WIDE = Array.from({ length: 21 }, (_, i) => float(`p${i}`));
const objective = (at: Record<string, number>) =>
  Object.values(at).reduce((sum, x) => sum + (x - 0.4) ** 2, 0);

const cases: Record<
  string,
  { dimensions: typeof PAIR; index: number; results: number; running?: number; want: string }
> = {
  'an even number is the process': { dimensions: PAIR, index: 20, results: 20, want: 'gp' },
  'an odd number is TPE': { dimensions: PAIR, index: 21, results: 20, want: 'tpe' },
  'more than 200 results are for TPE': { dimensions: PAIR, index: 202, results: 201, want: 'tpe' },
  'more than 16 running are for TPE': {
    ...{ dimensions: PAIR, index: 40, results: 20 },
    ...{ running: 17, want: 'tpe' },
  },
  '16 running are for the process': {
    ...{ dimensions: PAIR, index: 40, results: 20 },
    ...{ running: 16, want: 'gp' },
  },
  'more than 20 parameters are for TPE': { dimensions: WIDE, index: 20, results: 20, want: 'tpe' },
};
for (const [name, { dimensions, index, results, running = 0, want }] of Object.entries(cases)) {
  test(`auto: ${name}`, () => {
    const run = { dimensions, algorithm: 'random', seed: 1, objective };
    const { entries } = runSearch({ ...run, trials: results + running });
    const history = { entries: entries.slice(0, results), running: entries.slice(results) };
    const given = {
      ...{ space: compileSpace(dimensions), goal: 'minimize' as const },
      ...{ seed: 1, maxTrials: 300 },
    };
    const of = (algorithm: string) => {
      const suggestion = suggest({ ...given, algorithm }, history, index);
      return suggestion.kind === 'suggested' && suggestion.configuration;
    };
    const other = want === 'gp' ? 'tpe' : 'gp';
    assert.deepEqual(of('auto'), of(want));
    assert.notDeepEqual(of('auto'), of(other));
  });
}
