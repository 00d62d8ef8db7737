import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expm1, log1p, logAddExp, logSumExp } from './log-sums.ts';
import {
  erfcx,
  logNormalCdf,
  logNormalMass,
  normalCdf,
  normalQuantileOfLog,
  truncatedNormalQuantile,
} from './normal.ts';

function near(actual: number, wanted: number, relative: number, label: string) {
  if (Object.is(actual, wanted)) return;
  const slack = relative * Math.abs(wanted) + 1e-300;
  assert.ok(Math.abs(actual - wanted) <= slack, `${label}: ${actual}, want ${wanted}`);
}

// Reference values: scipy.special 1.x (ndtr, log_ndtr, ndtri_exp), scipy.stats.truncnorm.ppf, and
// mpmath with 60 digits for masses.
const cdf: [z: number, want: number, wantLog: number][] = [
  [-40, 0, -804.6084420137539],
  [-20, 2.7536241186061556e-89, -203.9171553710973],
  [-8, 6.22096057427174e-16, -35.01343715991456],
  [-3, 0.0013498980316300933, -6.60772622151035],
  [-1, 0.15865525393145707, -1.8410216450092634],
  [-0.1, 0.460172162722971, -0.7761545927302733],
  [0, 0.5, -Math.LN2],
  [0.5, 0.6914624612740131, -0.36894641528865635],
  [2, 0.9772498680518208, -0.023012909328963476],
  [6, 0.9999999990134123, -9.86587645524372e-10],
  [9, 1, -1.1285884059538324e-19],
];
for (const [z, want, wantLog] of cdf) {
  test(`the normal distribution function at ${z}`, () => {
    near(normalCdf(z), want, 1e-13, 'cdf');
    near(logNormalCdf(z), wantLog, 1e-13, 'log cdf');
  });
}

const masses: [a: number, b: number, want: number][] = [
  [-40, -39, -765.0831565643775],
  [39, 40, -765.0831565643775],
  [-1, 1, -0.38171514630212605],
  [-0.5, 8, -0.3689464152886573],
  [5, 5.25, -15.373295898665702],
  [Number.NEGATIVE_INFINITY, -20, -203.9171553710973],
];
for (const [a, b, want] of masses) {
  test(`log of the normal mass from ${a} to ${b}`, () => {
    near(logNormalMass(a, b), want, 1e-13, 'mass');
  });
}

const quantiles: [y: number, want: number][] = [
  [-800, -39.88469483825668],
  [-50, -9.674825283612355],
  [-5, -2.4709386372615887],
  [-1, -0.33747496376420244],
  [-0.7, -0.008559478582480308],
  [-0.5, 0.27028802073873587],
  [-1e-3, 3.090380786917045],
  [-1e-12, 7.034483825301202],
  [0, Number.POSITIVE_INFINITY],
  [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
];
for (const [y, want] of quantiles) {
  test(`the quantile of exp(${y})`, () => near(normalQuantileOfLog(y), want, 1e-12, 'z'));
}

const truncated: [u: number, a: number, b: number, want: number][] = [
  [0.3, -1, 2, -0.2424038178892269],
  [0.99, -100, 1, 0.9658137182269377],
  [1e-9, -0.5, 0.5, -0.4999999989123471],
  [0.5, 10, 11, 10.068409369547618],
  [0.5, -50, -49, -49.01413793861024],
  [0.7, -30, 30, 0.5244005127080407],
];
for (const [u, a, b, want] of truncated) {
  test(`the quantile at ${u} of a normal distribution within [${a}, ${b}]`, () => {
    near(truncatedNormalQuantile(u, a, b), want, 1e-12, 'z');
  });
}

test('a truncated quantile lies within its bounds and rises with the share', () => {
  const bound = fc.double({ min: -60, max: 60, noNaN: true });
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(bound, bound, unit, unit, (x, y, u, v) => {
      const [a, b] = [Math.min(x, y), Math.max(x, y)];
      fc.pre(b - a > 1e-6);
      const low = truncatedNormalQuantile(Math.min(u, v), a, b);
      const high = truncatedNormalQuantile(Math.max(u, v), a, b);
      assert.ok(a <= low && high <= b, `${low} and ${high} in [${a}, ${b}]`);
      assert.ok(low <= high + 1e-9 * (1 + Math.abs(high)), `${low} above ${high}`);
    }),
  );
});

test('erfcx is that of scipy and ends at 0', () => {
  near(erfcx(0), 1, 1e-15, '0');
  near(erfcx(1), 0.427583576155807, 1e-14, '1');
  near(erfcx(30), 0.018795888861416751, 1e-13, '30');
  assert.equal(erfcx(Number.POSITIVE_INFINITY), 0);
});

test('log1p and expm1 keep their precision near 0 and meet the platform elsewhere', () => {
  fc.assert(
    fc.property(fc.double({ min: -0.999, max: 1e300, noNaN: true }), (x) => {
      near(log1p(x), Math.log1p(x), 1e-14, `log1p ${x}`);
      if (x < 700) near(expm1(x), Math.expm1(x), 1e-14, `expm1 ${x}`);
    }),
  );
  assert.equal(expm1(-800), -1);
  assert.equal(expm1(800), Number.POSITIVE_INFINITY);
  assert.equal(log1p(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
});

test('sums of logarithms never overflow and take -Infinity as nothing', () => {
  assert.equal(logAddExp(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY), -Infinity);
  near(logAddExp(1000, 1000), 1000 + Math.LN2, 1e-15, 'two');
  assert.equal(logSumExp(new Float64Array(0), 0), Number.NEGATIVE_INFINITY);
  near(logSumExp(new Float64Array([-1000, -1000, -2000]), 3), -1000 + Math.LN2, 1e-15, 'three');
});
