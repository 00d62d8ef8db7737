import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSpace } from '../../space/compile.ts';
import type { Configuration, Dimension, ParameterValue } from '../../space/dimension.ts';
import { finished, float } from '../../testing/search.ts';
import { type Observations, observe } from '../observations.ts';
import { kernelWidths } from './kernel-widths.ts';
import { buildMixture, drawComponent, drawUnit, logDensity } from './mixture.ts';

const LETTER: Dimension = {
  ...{ name: 'c', kind: 'categorical', type: 'string' },
  values: ['a', 'b', 'c'],
};
const DEPTH: Dimension = { ...float('d'), when: { parent: 'c', in: ['a'] } };

function observed(dimensions: readonly Dimension[], configurations: readonly Configuration[]) {
  const entries = finished(configurations, () => ({ value: 0 }));
  return observe(compileSpace(dimensions), { entries, running: [] });
}

function mixtureOf(dimensions: readonly Dimension[], observations: Observations) {
  const rows = Int32Array.from(observations.results.keys());
  return buildMixture(
    observations,
    rows,
    dimensions.map(({ when }) => when !== undefined),
  );
}

function pointOf({ domains }: Observations, values: readonly (ParameterValue | undefined)[]) {
  return domains.map(({ toUnit, cellOf }, d) => {
    const value = values[d];
    if (value === undefined) return undefined;
    const [low, high] = cellOf?.(value) ?? [toUnit(value), toUnit(value)];
    return { unit: toUnit(value), low, high };
  });
}

function density(
  dimensions: readonly Dimension[],
  configurations: readonly Configuration[],
  values: readonly (ParameterValue | undefined)[],
) {
  const observations = observed(dimensions, configurations);
  const mixture = mixtureOf(dimensions, observations);
  const terms = new Float64Array(configurations.length + 1);
  return logDensity(mixture, pointOf(observations, values), terms);
}

// Log densities of Optuna 5.0.0's Parzen estimator for the same observations, run as a black box.
const x = float('x');
const STEPPED: Dimension = { ...x, step: 0.1 } as Dimension;
const COUNT: Dimension = { name: 'n', kind: 'int', min: 1, max: 100, scale: 'log' };
const reference: Record<
  string,
  { dimensions: Dimension[]; past: Configuration[]; at: ParameterValue[][]; want: number[] }
> = {
  'three floats': {
    dimensions: [x],
    past: [{ x: 0.2 }, { x: 0.25 }, { x: 0.9 }],
    at: [[0.1], [0.5], [0.95]],
    want: [0.18095203888150013, -0.010368959784871734, -0.3292846067895704],
  },
  'one float': {
    dimensions: [x],
    past: [{ x: 0.2 }],
    at: [[0.1], [0.5], [0.95]],
    want: [0.042167199651342746, 0.0478911357428794, -0.17927795686173542],
  },
  'nothing but the prior': {
    dimensions: [x],
    past: [],
    at: [[0.1], [0.5], [0.95]],
    want: [-0.039022199509050504, 0.04097780049094957, -0.060272199509050495],
  },
  'steps with ties': {
    dimensions: [STEPPED],
    past: [{ x: 0.2 }, { x: 0.2 }, { x: 0.2 }, { x: 0.3 }],
    at: [[0.1], [0.5], [1]],
    want: [-1.8044620950281134, -2.5020106391870334, -4.067077998905372],
  },
  'whole numbers on a log scale': {
    dimensions: [COUNT],
    past: [{ n: 1 }, { n: 8 }, { n: 100 }],
    at: [[1], [50], [100]],
    want: [-1.6539600226874944, -5.621783878023728, -6.402267533564018],
  },
  'choices and floats together': {
    dimensions: [LETTER, x],
    past: [
      { c: 'a', x: 0.2 },
      { c: 'a', x: 0.25 },
      { c: 'c', x: 0.9 },
    ],
    at: [
      ['a', 0.1],
      ['b', 0.5],
      ['c', 0.95],
    ],
    want: [-0.38805115332166973, -1.6555110673025233, -1.107209177011708],
  },
};
for (const [name, { dimensions, past, at, want }] of Object.entries(reference)) {
  test(`the density is Optuna's: ${name}`, () => {
    for (const [i, values] of at.entries()) {
      const actual = density(dimensions, past, values);
      assert.ok(Math.abs(actual - (want[i] as number)) < 1e-9, `${actual}, want ${want[i]}`);
    }
  });
}

test('narrow cells sum to the same as the wide cells that they make up', () => {
  const steps = (max: number): Dimension => ({
    name: 'k',
    kind: 'int',
    min: 1,
    max,
    scale: 'linear',
  });
  const fine = [1, 2, 3].map((k) => density([steps(3000)], [{ k: 500 }], [k + 1499]));
  const coarse = density([steps(1000)], [{ k: 167 }], [501]);
  const sum = fine.reduce((total, log) => total + Math.exp(log), 0);
  assert.ok(Math.abs(Math.log(sum) - coarse) < 2e-3, `${Math.log(sum)}, want ${coarse}`);
});

test('over both branches of a condition the density integrates to 1', () => {
  const past = [{ c: 'a', d: 0.3 }, { c: 'b' }, { c: 'a', d: 0.35 }, { c: 'c' }];
  let total = 0;
  for (const letter of ['b', 'c'])
    total += Math.exp(density([LETTER, DEPTH], past, [letter, undefined]));
  const n = 400;
  for (let i = 0; i < n; i++) {
    total += Math.exp(density([LETTER, DEPTH], past, ['a', (i + 0.5) / n])) / n;
  }
  assert.ok(Math.abs(total - 1) < 1e-3, `${total}`);
});

test('the mixture is drawn as it is scored: shares of draws are its probabilities', () => {
  const dimensions = [LETTER, { name: 'k', kind: 'int', min: 0, max: 4, scale: 'linear' } as const];
  const past = [
    { c: 'a', k: 0 },
    { c: 'a', k: 3 },
    { c: 'b', k: 4 },
  ];
  const observations = observed(dimensions, past);
  const mixture = mixtureOf(dimensions, observations);
  const counts = new Map<string, number>();
  const side = 48;
  const at = (i: number) => (i + 0.5) / side;
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < side; j++) {
      for (let k = 0; k < side; k++) {
        const component = drawComponent(mixture, (i + 0.5) / 4);
        const letter = drawUnit(mixture, 0, component, at(j));
        const number = observations.domains[1]?.fromUnit(drawUnit(mixture, 1, component, at(k)));
        const key = `${LETTER.kind === 'categorical' ? LETTER.values[letter] : ''} ${number}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  const terms = new Float64Array(4);
  for (const [key, count] of counts) {
    const [letter = '', number] = key.split(' ');
    const want = Math.exp(
      logDensity(mixture, pointOf(observations, [letter, Number(number)]), terms),
    );
    const share = count / (4 * side * side);
    assert.ok(Math.abs(share - want) < 0.006, `${key}: ${share}, want ${want}`);
  }
});

test('bucketed widths are those of a sort', () => {
  const units = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(0.25)), {
    minLength: 2,
    maxLength: 300,
  });
  fc.assert(
    fc.property(units, fc.nat(9), (values, salt) => {
      const { widths, leastWidth } = kernelWidths(Float64Array.from(values), salt);
      const sorted = values.toSorted((a, b) => a - b);
      const want = sorted.map((value, i) => {
        const left = i === 0 ? 0 : value - (sorted[i - 1] as number);
        const right = i === sorted.length - 1 ? 0 : (sorted[i + 1] as number) - value;
        return Math.min(Math.max(left, right, leastWidth), 1);
      });
      const numeric = (a: number, b: number) => a - b;
      assert.deepEqual([...widths.subarray(0, -1)].sort(numeric), want.sort(numeric));
    }),
  );
});

test('the wide kernels of equal coordinates are others in another dimension', () => {
  const same = new Float64Array(40).fill(0.5);
  same[0] = 0;
  same[39] = 1;
  const wide = [0, 1, 2, 3].map((salt) => {
    const { widths } = kernelWidths(same, salt);
    return [...widths.keys()].filter((k) => k > 0 && k < 39 && (widths[k] as number) > 0.4).join();
  });
  assert.equal(new Set(wide).size, 4, wide.join(' '));
});
