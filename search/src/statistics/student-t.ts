import { exp, log } from '../numeric/log-exp.ts';
import { log1p } from '../numeric/log-sums.ts';

/**
 * Probability that Student's t with `degrees` degrees of freedom is at most `t`; the same bits
 * everywhere.
 *
 * @param degrees A positive integer.
 */
export function studentCdf(t: number, degrees: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  const tail = Number.isFinite(t) ? 0.5 * betaTail(degrees / (degrees + t * t), degrees) : 0;
  return t > 0 ? 1 - tail : tail;
}

/** The t below which Student's distribution has the share `p`, 0.5 <= p < 1; by bisection. */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p >= 0.5 && p < 1)) throw new RangeError(`p must be in [0.5, 1), got ${p}`);
  let low = 0;
  let high = 1;
  while (studentCdf(high, degrees) < p) high *= 2;
  // Sixty halvings leave less than the last bit.
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, degrees) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** The regularised incomplete beta function I_x(degrees / 2, 1 / 2). */
function betaTail(x: number, degrees: number): number {
  if (x >= 1) return 1;
  const a = degrees / 2;
  const b = 0.5;
  // Its continued fraction converges fast only on one side of the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - share(1 - x, b, a, degrees);
  return share(x, a, b, degrees);
}

function share(x: number, a: number, b: number, degrees: number): number {
  const front = exp(a * log(x) + b * log1p(-x) - logBeta(degrees)) / a;
  return front * fraction(x, a, b);
}

/** log B(degrees / 2, 1 / 2), from B(1/2, 1/2) = pi and B(1, 1/2) = 2. */
function logBeta(degrees: number): number {
  let beta = degrees % 2 === 1 ? Math.PI : 2;
  for (let a = degrees % 2 === 1 ? 0.5 : 1; a < degrees / 2; a += 1) beta *= a / (a + 0.5);
  return log(beta);
}

const TINY = 1e-300;

/**
 * The continued fraction of the incomplete beta function, evaluated from its front.
 *
 * @see Lentz, "Generating Bessel Functions in Mie Scattering Calculations" (1976), modified.
 */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return value;
}

function nonZero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x;
}
