import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exp, log } from './log-exp.ts';

function assertNear(actual: number, expected: number, ulps: number, label: string) {
  if (Object.is(actual, expected)) return;
  const unit = Math.max(Math.abs(expected) * 2 ** -52, Number.MIN_VALUE);
  assert.ok(Math.abs(actual - expected) <= ulps * unit, `${label}: ${actual} for ${expected}`);
}

test('log agrees with the platform to 2 units in the last place over all positive numbers', () => {
  fc.assert(
    fc.property(fc.double({ min: Number.MIN_VALUE, noNaN: true }), (x) =>
      assertNear(log(x), Math.log(x), 2, `log ${x}`),
    ),
    { numRuns: 3000 },
  );
});

test('log agrees near 1, where the result is small', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 2, noNaN: true }), (x) =>
      assertNear(log(x), Math.log(x), 2, `log ${x}`),
    ),
    { numRuns: 3000 },
  );
});

test('exp agrees with the platform to 2 units in the last place', () => {
  fc.assert(
    fc.property(fc.double({ min: -745, max: 709.78, noNaN: true }), (x) =>
      assertNear(exp(x), Math.exp(x), 2, `exp ${x}`),
    ),
    { numRuns: 3000 },
  );
});

test('the ends and the special values are those of the platform', () => {
  for (const x of [0, -0, 1, -1, Infinity, NaN, Number.MIN_VALUE, Number.MAX_VALUE, 2, 1024]) {
    assertNear(log(x), Math.log(x), 1, `log ${x}`);
  }
  for (const x of [0, 1, -1, Infinity, -Infinity, NaN, 709.78, 709.79, 710, -745, -745.2, -750]) {
    assertNear(exp(x), Math.exp(x), 1, `exp ${x}`);
  }
  assert.equal(log(1), 0);
  assert.equal(exp(0), 1);
});

// Fixed bits: whoever changes a digit here changes recorded searches and must raise the versions.
test('the exact bits are pinned', () => {
  assert.deepEqual([log(10), log(1e-300), log(1e300)].map(hex), PINNED_LOG);
  assert.deepEqual([exp(1), exp(-690.5), exp(690.5)].map(hex), PINNED_EXP);
});

function hex(x: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}
const PINNED_LOG = ['40026bb1bbb55516', 'c085963447f87fb5', '4085963447f87fb5'];
const PINNED_EXP = ['4005bf0a8b14576a', '01ac3a76e66ed2e1', '7e32234558ba71ec'];
