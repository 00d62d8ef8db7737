import { exp, log } from '../../numeric/log-exp.ts';
import { erfcx, LOG_SQRT_2PI, logNormalCdf, normalCdf } from '../../numeric/normal.ts';

const SQRT_HALF_PI = 1.2533141373155003;

/**
 * log of E[max(Z + z, 0)] for a standard normal Z: of phi(z) + z Phi(z), without underflow at any z.
 *
 * @see Ament et al., "Unexpected Improvements to Expected Improvement" (2023).
 */
export function logImprovement(z: number): number {
  if (z > -1) return log(exp(-0.5 * z * z - LOG_SQRT_2PI) + z * normalCdf(z));
  const tail = -0.5 * z * z - LOG_SQRT_2PI;
  // Further out the difference from 1 has no digit left; it is 1 / z^2 there.
  if (z < -1e4) return tail - 2 * log(-z);
  return tail + log(1 + SQRT_HALF_PI * z * erfcx(-z * Math.SQRT1_2));
}

/** Its derivative. */
export function logImprovementSlope(z: number): number {
  return exp(logNormalCdf(z) - logImprovement(z));
}
