import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cholesky,
  gramLower,
  invertLower,
  multiplyLower,
  multiplyLowerTransposed,
} from './cholesky.ts';
import { expNegative } from './fast-exp.ts';
import { minimise } from './lbfgs.ts';
import { exp } from './log-exp.ts';

const entry = fc.double({ min: -3, max: 3, noNaN: true });
const systems = fc.integer({ min: 1, max: 7 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    entries: fc.array(entry, { minLength: n * n, maxLength: n * n }),
    x: fc.array(entry, { minLength: n, maxLength: n }),
  }),
);

test('a system with a positive definite matrix is solved by the inverse triangle', () => {
  fc.assert(
    fc.property(systems, ({ n, entries, x }) => {
      const a = Float64Array.from(entries, (_, place) => {
        const [i, j] = [Math.floor(place / n), place % n];
        let sum = i === j ? 0.5 : 0;
        for (let k = 0; k < n; k++) sum += (entries[i * n + k] ?? 0) * (entries[j * n + k] ?? 0);
        return sum;
      });
      const lower = cholesky(a, n);
      assert.ok(lower);
      const inverse = invertLower(lower, n);
      const b = Float64Array.from(x, (_, i) =>
        x.reduce((sum, value, j) => sum + (a[i * n + j] as number) * value, 0),
      );
      const solved = multiplyLowerTransposed(inverse, multiplyLower(inverse, b, n), n);
      const precision = gramLower(inverse, n);
      for (let i = 0; i < n; i++) {
        assert.ok(Math.abs((solved[i] as number) - (x[i] as number)) < 1e-7);
        const row = b.reduce((sum, value, j) => {
          return sum + value * (precision[Math.max(i, j) * n + Math.min(i, j)] as number);
        }, 0);
        assert.ok(Math.abs(row - (x[i] as number)) < 1e-7);
      }
    }),
  );
});

test('a matrix that is not positive definite has no triangle', () => {
  assert.equal(cholesky(Float64Array.of(1, 2, 2, 1), 2), undefined);
  assert.equal(cholesky(Float64Array.of(Number.NaN), 1), undefined);
});

test('the fast exponential agrees with the exact one to 4 units in the last place', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (x) => {
      assert.ok(Math.abs(expNegative(x) / exp(x) - 1) < 4 * 2 ** -52, `${x}`);
    }),
    { numRuns: 2000 },
  );
  assert.equal(expNegative(0), 1);
  assert.equal(expNegative(-0), 1);
  assert.equal(expNegative(Number.NEGATIVE_INFINITY), 0);
  assert.ok(Number.isNaN(expNegative(Number.NaN)));
});

const BOX = { lower: new Float64Array(2).fill(-2), upper: new Float64Array(2).fill(2) };
const BUDGET = { evaluations: 200, gradientTolerance: 1e-8 };

function rosenbrock(x: Float64Array, gradient: Float64Array): number {
  const [a = 0, b = 0] = x;
  const miss = b - a * a;
  gradient[0] = -400 * a * miss - 2 * (1 - a);
  gradient[1] = 200 * miss;
  return 100 * miss * miss + (1 - a) ** 2;
}

test('the minimum within a box is found', () => {
  const { x, value } = minimise(rosenbrock, Float64Array.of(-1.2, 1), BOX, BUDGET);
  assert.ok(value < 1e-12 && Math.abs((x[0] as number) - 1) < 1e-5, `${x} ${value}`);
});

test('a minimum outside is met at the bound', () => {
  const box = { lower: Float64Array.of(-2, -2), upper: Float64Array.of(0.5, 2) };
  const { x } = minimise(rosenbrock, Float64Array.of(-1, 1), box, BUDGET);
  assert.equal(x[0], 0.5);
  assert.ok(Math.abs((x[1] as number) - 0.25) < 1e-5, `${x}`);
});

test('what is not finite is never entered, and the budget is kept', () => {
  let calls = 0;
  const walled = (x: Float64Array, gradient: Float64Array) => {
    calls++;
    const value = rosenbrock(x, gradient);
    return (x[0] as number) > 0.3 ? Number.NaN : value;
  };
  const start = Float64Array.of(-1.2, 1);
  const { x, value } = minimise(walled, start, BOX, { ...BUDGET, evaluations: 40 });
  assert.ok(calls <= 40 && (x[0] as number) <= 0.3 && value < rosenbrock(start, start.slice()));
  const nowhere = minimise(() => Number.NaN, start, BOX, BUDGET);
  assert.deepEqual(nowhere.x, start);
});
