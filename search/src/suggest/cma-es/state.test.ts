import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsFor } from './settings.ts';
import { firstState, nextState } from './state.ts';

function near(actual: ArrayLike<number>, wanted: readonly number[], what: string) {
  assert.equal(actual.length, wanted.length);
  for (const [i, want] of wanted.entries()) {
    const got = actual[i] as number;
    assert.ok(Math.abs(got - want) < 1e-9, `${what} ${i}: ${got}, want ${want}`);
  }
}

// Reference: the `cmaes` package 0.13.1 (CyberAgent), told the same points; run as a black box.
test('the settings of five dimensions are those of the reference', () => {
  const { population, parents, weights, ...rates } = settingsFor(5);
  assert.deepEqual([population, parents], [8, 4]);
  near(
    weights,
    [
      0.5299301844787792, 0.2857142857142857, 0.14285714285714282, 0.041498386949792215,
      -0.1672795068098809, -0.45674904775585873, -0.7014920573635213, -0.9134980955117175,
    ],
    'weight',
  );
  const { rankOneRate, rankManyRate, stepRate, stepDamping, pathRate, normalLength } = rates;
  near(
    [rankOneRate, rankManyRate, stepRate, stepDamping, pathRate, normalLength],
    [
      0.047292304159400896, 0.03816916070385781, 0.3650883760934854, 1.3650883760934853,
      0.4501995579928079, 2.1285237557247996,
    ],
    'rate',
  );
});

test('settings exist for every number of dimensions', () => {
  for (let d = 1; d <= 120; d++) {
    const { weights, parents, ...rest } = settingsFor(d);
    const positive = weights.subarray(0, parents).reduce((sum, weight) => sum + weight, 0);
    assert.ok(Math.abs(positive - 1) < 1e-12 && weights.every(Number.isFinite), `${d}`);
    assert.ok(Object.values(rest).every((value) => value > 0));
  }
});

const POINTS = [
  ...[0.668, 0.508, 0.323, 0.349, 0.464, 0.688, 0.631, 0.564, 0.304, 0.391, 0.41, 0.7, 0.584],
  ...[0.614, 0.301, 0.442, 0.364, 0.695, 0.53, 0.656, 0.313, 0.498, 0.328, 0.675, 0.474, 0.684],
  ...[0.34, 0.554, 0.306, 0.641, 0.419, 0.699, 0.38, 0.606, 0.3, 0.596, 0.371, 0.697, 0.43, 0.649],
  ...[0.31, 0.543],
];

test('two generations give the state of the reference', () => {
  const settings = settingsFor(3);
  const value = ([a = 0, b = 0, c = 0]: Float64Array) =>
    (a - 0.3) ** 2 + 2 * (b - 0.6) ** 2 + (c - 0.5) ** 2 + a * b;
  let state = firstState(3);
  for (const start of [0, 7]) {
    const points = [...Array(7).keys()].map((i) =>
      Float64Array.from(POINTS.slice(3 * (start + i), 3 * (start + i) + 3)),
    );
    state = nextState(
      state,
      settings,
      points.toSorted((p, q) => value(p) - value(q)),
    );
  }
  near(state.mean, [0.4004900897661241, 0.6527402115596647, 0.44513429569491725], 'mean');
  near([state.sigma], [0.17010575833528524], 'sigma');
  near(
    state.covariance,
    [
      ...[0.7375025025610243, 0.12392267731276005, 0.07513394030646103],
      ...[0.12392267731276, 1.1985954555951048, -0.3888579433163283],
      ...[0.07513394030646105, -0.3888579433163283, 1.2550661153105946],
    ],
    'covariance',
  );
  const stepPath = [-0.41022697231450533, 1.2404195326513128, -0.8443503432599572];
  near(state.stepPath, stepPath, 'step path');
  const covariancePath = [-0.2351976230379418, 1.4755656592001822, -1.2575203965108686];
  near(state.covariancePath, covariancePath, 'covariance path');
});

test('points far out and points without a coordinate leave every number finite', () => {
  const settings = settingsFor(4);
  let state = firstState(4);
  for (let round = 0; round < 300; round++) {
    const points = Array.from({ length: settings.population }, (_, i) =>
      Float64Array.of(1, 0, round % 2, i % 3 === 0 ? Number.NaN : 1e-12 * i),
    );
    state = nextState(state, settings, points);
  }
  const numbers = [state.sigma, ...state.mean, ...state.covariance, ...state.lengths];
  assert.ok(numbers.every(Number.isFinite));
  assert.ok(state.lengths.every((length) => length > 0));
});
