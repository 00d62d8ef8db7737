import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logExpectedImprovement } from './acquisition.ts';
import { fitHyperparameters, negativeLogPosterior } from './fit.ts';
import { logImprovement, logImprovementSlope } from './improvement.ts';
import { type Hyperparameters, matern, maternSlope, type Points } from './kernel.ts';
import { conditionOn, linkTo, weightsOf } from './posterior.ts';
import { selectRows, trainingOf } from './training.ts';

/** Points that look random and are always the same; the last column holds choices. */
function points(count: number, ordered: number): Points {
  const dimensions = ordered + 1;
  const rows = Float64Array.from({ length: count * dimensions }, (_, i) =>
    i % dimensions === ordered ? (i * 7) % 3 : (i * 0.6180339887) % 1,
  );
  const isChoice = new Uint8Array(dimensions);
  isChoice[ordered] = 1;
  return { count, dimensions, rows, isChoice };
}
const valuesAt = ({ count, dimensions, rows }: Points) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(5 * (rows[i * dimensions] ?? 0)));

const HYPER: Hyperparameters = {
  relevances: Float64Array.of(3, 0.5, 0.8),
  ...{ scale: 1.2, noise: 1e-3 },
};

function slopeOf(f: (x: number) => number, x: number): number {
  return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
}
function near(actual: number | undefined, wanted: number, what: string) {
  const slack = 1e-5 * Math.max(1, Math.abs(wanted));
  assert.ok(
    Math.abs((actual ?? Number.NaN) - wanted) < slack,
    `${what}: ${actual}, want ${wanted}`,
  );
}

test('the kernel is 1 at no distance, falls, and has the slope it says', () => {
  assert.equal(matern(0), 1);
  for (const square of [0.01, 0.5, 3, 40])
    near(maternSlope(square), slopeOf(matern, square), 'slope');
});

test('log improvement and its slope agree with each other from far below to above', () => {
  // References: log(norm.pdf(z) + z norm.cdf(z)) in mpmath with 60 digits.
  near(logImprovement(0), -0.9189385332046727, 'at 0');
  near(logImprovement(-5), -16.744301162660992, 'at -5');
  for (const z of [8, 1, -0.9, -1.1, -24, -26, -500]) {
    near(logImprovementSlope(z) / slopeOf(logImprovement, z), 1, `slope at ${z}`);
  }
  assert.ok(logImprovement(-9_999) > logImprovement(-10_001));
  assert.ok(Math.abs(logImprovement(-1e4) - logImprovement(-1e4 - 1e-9)) < 0.01);
});

test('the gradient of the posterior of hyperparameters is its slope', () => {
  const given = points(12, 2);
  const objective = negativeLogPosterior(given, valuesAt(given));
  const at = Float64Array.of(0.3, -0.5, 0.2, 0.4, -3);
  const gradient = new Float64Array(5);
  objective(at, gradient);
  for (let i = 0; i < at.length; i++) {
    const along = (x: number) => objective(at.with(i, x), new Float64Array(5));
    near(gradient[i], slopeOf(along, at[i] as number), `parameter ${i}`);
  }
});

test('the fit tells the dimension that matters', () => {
  const given = points(40, 2);
  const { relevances, noise } = fitHyperparameters(given, valuesAt(given));
  assert.ok((relevances[0] as number) > 5 * (relevances[1] as number), `${relevances}`);
  assert.ok(noise < 1e-3);
});

test('the posterior meets the observations and returns to the prior far from them', () => {
  const given = points(15, 2);
  const values = valuesAt(given);
  const posterior = conditionOn(given, { ...HYPER, noise: 1e-6 });
  const weights = weightsOf(posterior, values);
  for (let i = 0; i < given.count; i++) {
    const { covariances, variance } = linkTo(posterior, given.rows.subarray(3 * i, 3 * i + 3));
    const mean = covariances.reduce((sum, value, k) => sum + value * (weights[k] as number), 0);
    assert.ok(Math.abs(mean - (values[i] as number)) < 1e-3 && variance < 1e-5);
  }
  const far = linkTo(posterior, Float64Array.of(100, 100, 0));
  near(far.variance, HYPER.scale, 'variance');
});

test('equal points without noise are still taken apart', () => {
  const same: Points = {
    ...{ count: 30, dimensions: 1, rows: new Float64Array(30).fill(0.5) },
    isChoice: new Uint8Array(1),
  };
  const hyper = { relevances: Float64Array.of(1), scale: 1e3, noise: 1e-16 };
  assert.ok(conditionOn(same, hyper).inverse.every(Number.isFinite));
});

for (const count of [0, 1, 7]) {
  test(`the gradient of the improvement with ${count} running is its slope`, () => {
    const given = points(12, 2);
    const running = Array.from({ length: count }, (_, i) => Float64Array.of(i / 8, 0.3, i % 3));
    const acquisition = logExpectedImprovement(given, valuesAt(given), HYPER, running, 11);
    const at = Float64Array.of(0.42, 0.77, 1);
    const gradient = new Float64Array(3);
    near(acquisition(at, gradient), acquisition(at), 'value');
    for (const d of [0, 1]) {
      near(
        gradient[d],
        slopeOf((x) => acquisition(at.with(d, x)), at[d] as number),
        `column ${d}`,
      );
    }
    assert.equal(gradient[2], 0);
  });
}

test('what runs promises little more', () => {
  const given = points(12, 2);
  const at = Float64Array.of(0.31, 0.9, 0);
  const promise = (running: Float64Array[]) =>
    logExpectedImprovement(given, valuesAt(given), HYPER, running, 11)(at);
  assert.ok(promise([at]) < promise([]) - 1, `${promise([at])} and ${promise([])}`);
});

test('the best third and an even part of the others are fitted', () => {
  const given = points(30, 2);
  const values = Float64Array.from({ length: 30 }, (_, i) => i);
  const training = { points: given, values, rows: [...values.keys()], isChoice: given.isChoice };
  const { points: chosen, values: kept } = selectRows(training, 9);
  assert.equal(chosen.count, 9);
  assert.deepEqual([...kept.subarray(0, 3)], [29, 28, 27]);
  assert.equal(new Set(kept).size, 9);
  assert.equal(selectRows(training, 30), training);
});

test('values are standardised, failures as the worst, and none without a finite value', () => {
  const entry = (index: number, changes: object) => ({
    ...{ index, configuration: {}, outcome: 'succeeded' as const },
    ...changes,
  });
  const of = (results: ReturnType<typeof entry>[]) =>
    trainingOf('minimize', { count: results.length, prior: 0, results, domains: [], columns: [] })
      ?.values;
  const values = of([
    entry(0, { value: 1e308 }),
    entry(1, { value: -1e308 }),
    entry(2, { outcome: 'failed' }),
    entry(3, { outcome: 'diverged', value: -Number.MAX_VALUE }),
  ]);
  const third = Math.sqrt(1 / 3);
  for (const [i, want] of [-third, 3 * third, -third, -third].entries())
    near(values?.[i], want, `${i}`);
  assert.deepEqual([...(of([entry(0, { value: 7 }), entry(1, { value: 7 })]) ?? [])], [0, 0]);
  assert.equal(of([entry(0, { value: Number.NaN })]), undefined);
});
