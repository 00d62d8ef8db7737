import { exp, log } from './log-exp.ts';
import { expm1, log1p, logAddExp } from './log-sums.ts';

/**
 * Chebyshev coefficients of (1 + 2x) erfcx(x) in t = (x - 3.5) / (x + 3.5), which maps [0, Infinity]
 * to [-1, 1]; computed with 40 digits. The factor makes the function smooth and finite at t = 1.
 */
const ERFCX = new Float64Array([
  1.177632731636124, -0.001630177283414629, -0.08733682573463146, 0.05800974837029327,
  -0.024340115396182225, 0.007529483715635749, -0.0017438817577112521, 0.00028269829816555584,
  -2.31849116112635e-5, -2.111766698133041e-6, 8.765760156892822e-7, -6.105702635086118e-8,
  -1.7116664716341917e-8, 3.391360268611259e-9, 2.54661619366046e-10, -1.2482784079514297e-10,
  -2.2122757753433796e-12, 4.4272603638230294e-12, -3.367266128031018e-14, -1.651925600092358e-13,
  1.9024103044538835e-15, 6.6011879371728604e-15, 2.880282449414535e-17, -2.7791709635735043e-16,
]);
const SQRT_HALF = Math.SQRT1_2;
const LOG_HALF = -Math.LN2;
/** log(sqrt(2 pi)) */
export const LOG_SQRT_2PI = 0.9189385332046728;

/** exp(x^2) erfc(x) for x >= 0, to a few units in the last place. */
export function erfcx(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  const t = (2 * (x - 3.5)) / (x + 3.5);
  // Clenshaw's recurrence, twice the argument folded in.
  let next = 0;
  let afterNext = 0;
  for (let j = ERFCX.length - 1; j >= 1; j--) {
    const current = t * next - afterNext + (ERFCX[j] as number);
    afterNext = next;
    next = current;
  }
  return ((t / 2) * next - afterNext + (ERFCX[0] as number)) / (1 + 2 * x);
}

/** The normal distribution function; relative precision holds in the left tail. */
export function normalCdf(z: number): number {
  if (z > 0) return 1 - normalCdf(-z);
  return 0.5 * erfcx(-z * SQRT_HALF) * exp(-0.5 * z * z);
}

/** Its logarithm, without underflow at any z. */
export function logNormalCdf(z: number): number {
  if (z > 0) return log1p(-normalCdf(-z));
  return log(0.5 * erfcx(-z * SQRT_HALF)) - 0.5 * z * z;
}

/** log(Phi(b) - Phi(a)) for a < b, with relative precision in both tails. */
export function logNormalMass(a: number, b: number): number {
  // The right tail is the mirror of the left one, where the distribution function is precise.
  if (a > 0) return logNormalMass(-b, -a);
  if (b > 0) return log1p(-normalCdf(a) - normalCdf(-b));
  // Both from the one nearer to the middle, so that nothing underflows.
  const fall = 0.5 * (a - b) * (a + b);
  const beyond = fall < 45 ? erfcx(-a * SQRT_HALF) * exp(-fall) : 0;
  return log(0.5 * (erfcx(-b * SQRT_HALF) - beyond)) - 0.5 * b * b;
}

/**
 * The z with log Phi(z) = y, for y <= 0, by Newton's method on log Phi, which is concave: from any
 * start the steps approach from the left after the first.
 */
export function normalQuantileOfLog(y: number): number {
  if (y === 0) return Number.POSITIVE_INFINITY;
  if (y === Number.NEGATIVE_INFINITY) return y;
  // Right of the middle log Phi is too flat to invert; its mirror is not.
  if (y > LOG_HALF) return -normalQuantileOfLog(log(-expm1(y)));
  let z =
    y < -5 ? -Math.sqrt(-2 * (y + LOG_SQRT_2PI + 1)) : (-Math.sqrt(3) / Math.PI) * log(expm1(-y));
  for (let round = 0; round < 50; round++) {
    const error = logNormalCdf(z) - y;
    // phi(z) / Phi(z) from logarithms: both may be too small for a number.
    const slope = 1 / (erfcx(Math.max(-z, 0) * SQRT_HALF) * 1.2533141373155001);
    const step = error / (z > 0 ? exp(-0.5 * z * z - LOG_SQRT_2PI) / normalCdf(z) : slope);
    z -= step;
    if (Math.abs(step) <= 1e-13 * (1 + Math.abs(z))) break;
  }
  return z;
}

/** The z below which lies the share `u` of a normal distribution truncated to [a, b]. */
export function truncatedNormalQuantile(u: number, a: number, b: number): number {
  const mass = logNormalMass(a, b);
  const left = logAddExp(logNormalCdf(a), log(u) + mass);
  const z =
    left <= LOG_HALF
      ? normalQuantileOfLog(left)
      : -normalQuantileOfLog(Math.min(logAddExp(logNormalCdf(-b), log(1 - u) + mass), 0));
  return Math.min(Math.max(z, a), b);
}
