import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSpace } from '../space/compile.ts';
import type { Dimension } from '../space/dimension.ts';
import { EMPTY_HISTORY } from './problem.ts';
import { sobolPoint } from './sobol.ts';
import { SOBOL_DIMENSIONS } from './sobol-directions.ts';
import { scramble, sobolCoordinate } from './sobol-point.ts';
import { checkProblem, suggest } from './suggest.ts';

const seeds = fc.maxSafeInteger();
const word = fc.nat(0xffffffff);

// Points of the reference implementation, which numbers them in Gray code, in the first, second,
// third, tenth, 32nd and 64th dimension, times 2^32.
const REFERENCE: Record<number, readonly number[]> = {
  1: [2147483648, 2147483648, 2147483648, 2147483648, 2147483648, 2147483648],
  2: [3221225472, 1073741824, 1073741824, 3221225472, 1073741824, 3221225472],
  3: [1073741824, 3221225472, 3221225472, 1073741824, 3221225472, 1073741824],
  5: [3758096384, 3758096384, 536870912, 536870912, 2684354560, 2684354560],
  100: [1778384896, 1107296256, 3321888768, 2986344448, 1778384896, 2785017856],
  255: [16777216, 4278190080, 3305111552, 1526726656, 721420288, 1459617792],
};

test('the unscrambled points are those of Joe and Kuo', () => {
  for (const [text, want] of Object.entries(REFERENCE)) {
    const number = Number(text);
    const gray = number ^ (number >>> 1);
    const got = [0, 1, 2, 9, 31, 63].map((dimension) => sobolCoordinate(gray, dimension));
    assert.deepEqual(got, want, `point ${number}`);
  }
});

test('any aligned 2^k points fall into 2^k different equal parts of every dimension', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.nat(9),
      fc.nat(1000),
      fc.nat(SOBOL_DIMENSIONS - 1),
      (seed, k, block, d) => {
        const size = 2 ** k;
        const cells = new Set<number>();
        for (let i = 0; i < size; i++) {
          cells.add(Math.floor(sobolPoint(seed, block * size + i)(d) * size));
        }
        assert.equal(cells.size, size, `dimension ${d}, ${size} points`);
      },
    ),
    { numRuns: 300 },
  );
  for (let d = 0; d < SOBOL_DIMENSIONS; d++) {
    const cells = new Set(
      Array.from({ length: 1024 }, (_, i) => Math.floor(sobolPoint(3, i)(d) * 1024)),
    );
    assert.equal(cells.size, 1024, `dimension ${d}`);
  }
});

/** The smallest t with which the first 2^k points are a (t, k, 2)-net in two dimensions. */
function netQuality(seed: number, k: number, first: number, second: number): number {
  const size = 2 ** k;
  const points = Array.from({ length: size }, (_, i) => [
    sobolPoint(seed, i)(first),
    sobolPoint(seed, i)(second),
  ]);
  for (let t = 0; t < k; t++) {
    const isNet = Array.from({ length: k - t + 1 }, (_, a) => a).every((a) => {
      const [width, height] = [2 ** a, 2 ** (k - t - a)];
      const counts = new Map<number, number>();
      for (const [x = 0, y = 0] of points) {
        const cell = Math.floor(x * width) * height + Math.floor(y * height);
        counts.set(cell, (counts.get(cell) ?? 0) + 1);
      }
      return counts.size === width * height && [...counts.values()].every((n) => n === 2 ** t);
    });
    if (isNet) return t;
  }
  return k;
}

test('the first two dimensions are a (0,2)-sequence: every elementary box gets its share', () => {
  for (const seed of [0, 1, -5]) {
    for (let k = 1; k <= 10; k++) assert.equal(netQuality(seed, k, 0, 1), 0, `k ${k}`);
  }
});

test('neighbouring dimensions keep the quality that Joe and Kuo chose their numbers for', () => {
  for (let d = 0; d + 1 < SOBOL_DIMENSIONS; d++) {
    const quality = netQuality(1, 8, d, d + 1);
    assert.ok(quality <= 5, `dimensions ${d} and ${d + 1}: t = ${quality}`);
  }
});

test('the scramble is nested: a digit depends on those above it alone', () => {
  fc.assert(
    fc.property(word, word, word, word, fc.integer({ min: 1, max: 31 }), (hi, lo, x, y, k) => {
      const key = { hi, lo };
      const mask = (0xffffffff << (32 - k)) >>> 0;
      const sharesTop = ((x & mask) | (y & ~mask)) >>> 0;
      const difference = (scramble(x, key) ^ scramble(sharesTop, key)) >>> 0;
      assert.equal(difference & mask, 0);
      // And it is a bijection: the first digit that differs still differs.
      const flipped = (x ^ (1 << (31 - k))) >>> 0;
      assert.equal(Math.clz32(scramble(x, key) ^ scramble(flipped, key)), k);
    }),
    { numRuns: 2000 },
  );
});

test('over many seeds one point is uniform, and two are independent', () => {
  const n = 4096;
  const cells = new Array<number>(64).fill(0);
  for (let seed = 0; seed < n; seed++) {
    const x = Math.floor(sobolPoint(seed, 5)(2) * 8);
    const y = Math.floor(sobolPoint(seed, 5)(7) * 8);
    cells[x * 8 + y] = (cells[x * 8 + y] ?? 0) + 1;
  }
  const chi2 = cells.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
  // 63 degrees of freedom: the 99.99 % point is 113.
  assert.ok(chi2 < 113, `chi-square ${chi2}`);
});

test('Sobol integrates better than random points', () => {
  const error = (n: number, unit: (i: number, d: number) => number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let product = 1;
      for (let d = 0; d < 6; d++) product *= 1 + (unit(i, d) - 0.5);
      sum += product;
    }
    return Math.abs(sum / n - 1);
  };
  const errors = [1, 2, 3, 4, 5].map((seed) => error(1024, (i, d) => sobolPoint(seed, i)(d)));
  // Random points are off by about 0.77 / 32 = 0.024.
  assert.ok(Math.max(...errors) < 0.004, `errors ${errors}`);
});

function floats(count: number): readonly Dimension[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `p${i}`,
    kind: 'float' as const,
    min: 0,
    max: 1,
    scale: 'linear' as const,
  }));
}

test('64 varying dimensions are taken, the 65th is refused by name; fixed ones are free', () => {
  const base = { goal: 'minimize' as const, algorithm: 'sobol', seed: 1, maxTrials: 5 };
  const fixed: Dimension = { name: 'seed', kind: 'fixed', type: 'int', value: 1 };
  const full = { ...base, space: compileSpace([fixed, ...floats(64)]) };
  assert.deepEqual(checkProblem(full), []);
  const [issue] = checkProblem({ ...base, space: compileSpace(floats(65)) });
  assert.equal(issue?.code, 'sobol-too-many-dimensions');
  assert.equal(issue?.dimension, 'p64');
});

test('the sequence ends at its last point', () => {
  const problem = {
    space: compileSpace(floats(2)),
    goal: 'minimize' as const,
    algorithm: 'sobol',
    seed: 1,
    maxTrials: 5,
  };
  assert.equal(suggest(problem, EMPTY_HISTORY, 2 ** 32 - 1).kind, 'suggested');
  assert.equal(suggest(problem, EMPTY_HISTORY, 2 ** 32).kind, 'exhausted');
});
