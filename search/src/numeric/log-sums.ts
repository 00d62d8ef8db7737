import { exp, log } from './log-exp.ts';

/** log(1 + x) without the loss near 0. */
export function log1p(x: number): number {
  const sum = 1 + x;
  // The rounding of 1 + x cancels between the two factors (Kahan).
  return sum === 1 || sum === Number.POSITIVE_INFINITY ? x : log(sum) * (x / (sum - 1));
}

/** exp(x) - 1 without the loss near 0. */
export function expm1(x: number): number {
  const power = exp(x);
  if (power === 1) return x;
  const excess = power - 1;
  if (excess === -1 || power === Number.POSITIVE_INFINITY) return excess;
  return excess * (x / log(power));
}

/** log(exp a + exp b); -Infinity stands for nothing. */
export function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === Number.NEGATIVE_INFINITY) return high;
  return high + log1p(exp(Math.min(a, b) - high));
}

/** log of the sum of exp over the first `count` terms; -Infinity if there is none. */
export function logSumExp(terms: Float64Array, count: number): number {
  let high = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    const term = terms[k] as number;
    if (term > high) high = term;
  }
  if (high === Number.NEGATIVE_INFINITY) return high;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const below = (terms[k] as number) - high;
    // 100,000 terms of e^-50 are below one unit in the last place.
    if (below > -50) sum += exp(below);
  }
  return high + log(sum);
}
