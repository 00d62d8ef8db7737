import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exp, log } from '../numeric/log-exp.ts';
import { compileSpace } from '../space/compile.ts';
import type { Dimension } from '../space/dimension.ts';
import { EMPTY_HISTORY, type HistoryEntry, type Problem } from './problem.ts';
import { ALGORITHMS, algorithmInfo } from './registry.ts';
import { checkProblem, suggest } from './suggest.ts';

const LR: Dimension = { name: 'lr', kind: 'float', min: 1e-5, max: 1e-1, scale: 'log' };
const BATCH: Dimension = { name: 'batch', kind: 'ordinal', type: 'int', values: [32, 64, 128] };
const SHIFT: Dimension = { name: 'shift', kind: 'float', min: -8, max: -2, scale: 'linear' };
const UNITS: Dimension = { name: 'units', kind: 'int', min: 1, max: 1000, scale: 'log' };

function problem(dimensions: readonly Dimension[], changes: Partial<Problem> = {}): Problem {
  return {
    space: compileSpace(dimensions),
    goal: 'maximize',
    algorithm: 'random',
    seed: 1,
    maxTrials: 10,
    ...changes,
  };
}

function configuration(given: Problem, index: number) {
  const suggestion = suggest(given, EMPTY_HISTORY, index);
  assert.equal(suggestion.kind, 'suggested');
  return suggestion.kind === 'suggested' ? suggestion.configuration : {};
}

const invalid: Record<string, { changes: Partial<Problem>; wantCode: string; wantThrown: string }> =
  {
    'an unknown algorithm': {
      changes: { algorithm: 'rnadom' },
      wantCode: 'unknown-algorithm',
      wantThrown: 'unknown-algorithm',
    },
    'a fraction as seed': {
      changes: { seed: 0.5 },
      wantCode: 'seed-not-an-integer',
      wantThrown: 'invalid-problem',
    },
    '0 trials': {
      changes: { maxTrials: 0 },
      wantCode: 'max-trials-not-positive',
      wantThrown: 'invalid-problem',
    },
  };
for (const [name, { changes, wantCode, wantThrown }] of Object.entries(invalid)) {
  test(`${name} is refused`, () => {
    const given = problem([LR], changes);
    assert.deepEqual(
      checkProblem(given).map(({ code }) => code),
      [wantCode],
    );
    assert.throws(() => suggest(given, EMPTY_HISTORY, 0), {
      name: 'SearchError',
      code: wantThrown,
    });
  });
}

test('an index that is not a natural number is refused', () => {
  for (const index of [-1, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => suggest(problem([LR]), EMPTY_HISTORY, index), { code: 'invalid-index' });
  }
});

test('the registry says which algorithms look at the history', () => {
  const named = (uses: boolean) =>
    ALGORITHMS.filter(({ usesHistory }) => usesHistory === uses).map(({ name }) => name);
  assert.deepEqual(named(false), ['grid', 'pbt', 'random', 'sobol']);
  assert.deepEqual(named(true), ['auto', 'cma-es', 'gp', 'tpe']);
  assert.equal(algorithmInfo('hyperopt'), undefined);
});

// Another answer here means that recorded searches can no longer be recomputed: raise the version.
test('the suggestions of version 1 are pinned', () => {
  const dimensions = [LR, BATCH, SHIFT, UNITS];
  assert.deepEqual(configuration(problem(dimensions), 7), PINNED.random);
  assert.deepEqual(configuration(problem(dimensions, { algorithm: 'sobol' }), 7), PINNED.sobol);
});
const PINNED = {
  random: { lr: 0.004910365688645641, batch: 64, shift: -6.0781319960635845, units: 18 },
  sobol: { lr: 0.00002963048998100625, batch: 128, shift: -5.278888108822752, units: 497 },
};

test('the suggestions of version 1 from a history are pinned', () => {
  const dimensions = [LR, BATCH, SHIFT, UNITS];
  const entries = [...Array(20).keys()].map((index): HistoryEntry => {
    const drawn = configuration(problem(dimensions), index);
    const value = Number(drawn['shift']) + Number(drawn['units']) / 500;
    return { index, configuration: drawn, outcome: 'succeeded', value };
  });
  for (const [algorithm, want] of Object.entries(PINNED_FROM_HISTORY)) {
    const suggestion = suggest(problem(dimensions, { algorithm }), { entries, running: [] }, 20);
    assert.deepEqual(suggestion.kind === 'suggested' && suggestion.configuration, want, algorithm);
  }
});
const PINNED_FROM_HISTORY = {
  auto: { lr: 0.015116845435903938, batch: 128, shift: -2, units: 1000 },
  'cma-es': { lr: 0.002463986617412342, batch: 128, shift: -2.816586505457275, units: 2 },
  gp: { lr: 0.015116845435903938, batch: 128, shift: -2, units: 1000 },
  tpe: { lr: 0.022224465123168242, batch: 64, shift: -2.457155555098522, units: 14 },
};

test('a dimension added or moved leaves the random values of the others as they were', () => {
  for (let index = 0; index < 50; index++) {
    const before = configuration(problem([LR, SHIFT]), index);
    const { lr, shift } = configuration(problem([BATCH, SHIFT, UNITS, LR]), index);
    assert.deepEqual({ lr, shift }, before);
  }
});

for (const algorithm of ['random', 'sobol']) {
  test(`K4 ${algorithm} honours the declared distribution: log where asked, negative linear elsewhere`, () => {
    const given = problem([LR, SHIFT, BATCH, UNITS], { algorithm });
    const n = 4000;
    const decades = [0, 0, 0, 0];
    const thirds = [0, 0, 0];
    const batches = new Map<unknown, number>();
    let ones = 0;
    for (let index = 0; index < n; index++) {
      const { lr, shift, batch, units } = configuration(given, index);
      const decade = Math.floor(Math.log10(Number(lr)) + 5 + 1e-12);
      decades[decade] = (decades[decade] ?? 0) + 1;
      const third = Math.floor((Number(shift) + 8) / 2);
      thirds[third] = (thirds[third] ?? 0) + 1;
      batches.set(batch, (batches.get(batch) ?? 0) + 1);
      if (units === 1) ones++;
    }
    // Five standard deviations of a binomial share.
    const near = (count: number | undefined, share: number) => {
      const slack = 5 * Math.sqrt(n * share * (1 - share));
      assert.ok(Math.abs((count ?? 0) - n * share) < slack, `${count} of ${n}, want ${share}`);
    };
    for (const count of decades) near(count, 1 / 4);
    for (const count of thirds) near(count, 1 / 3);
    assert.deepEqual(new Set(batches.keys()), new Set([32, 64, 128]));
    for (const count of batches.values()) near(count, 1 / 3);
    near(ones, (log(1.5) - log(0.5)) / (log(1000.5) - log(0.5)));
  });

  test(`${algorithm} covers 600 decades evenly and stays within them`, () => {
    const wide: Dimension = { name: 'x', kind: 'float', min: 1e-300, max: 1e300, scale: 'log' };
    const given = problem([wide], { algorithm });
    let below = 0;
    for (let index = 0; index < 1000; index++) {
      const x = Number(Object.values(configuration(given, index))[0]);
      assert.ok(x >= 1e-300 && x <= 1e300);
      if (x < 1) below++;
    }
    assert.ok(below > 420 && below < 580, `${below} of 1000 below 1`);
    assert.ok(exp(log(1e300)) > 9e299);
  });
}
