import { exp, log } from '../numeric/log-exp.ts';
import { normalCdf } from '../numeric/normal.ts';

const LEAST_WIDTH = 0.5 / 1.64;

/**
 * Probabilities of grid points, smoothed: around each observation a normal distribution, cut to the
 * grid, as wide as Scott's rule says.
 *
 * @param counts Observations at each grid point; at least one in all.
 */
export function smoothedDensity(counts: Float64Array): Float64Array {
  const width = scottWidth(counts);
  const size = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const density = new Float64Array(size);
  const cdf = (z: number) => normalCdf(z / width);
  for (let centre = 0; centre < size; centre++) {
    const count = counts[centre] as number;
    if (count === 0) continue;
    const mass = cdf(size - 0.5 - centre) - cdf(-0.5 - centre);
    for (let at = 0; at < size; at++) {
      const share = (cdf(at + 0.5 - centre) - cdf(at - 0.5 - centre)) / mass;
      density[at] = (density[at] as number) + (count / total) * share;
    }
  }
  return density;
}

/** Scott's rule on the grid's own scale: 1.059 min(IQR / 1.34, deviation) n^-1/5. */
function scottWidth(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, at) => sum + count * at, 0) / total;
  const squares = counts.reduce((sum, count, at) => sum + count * (at - mean) * (at - mean), 0);
  const deviation = Math.sqrt(squares / Math.max(1, total - 1));
  const range = gridQuantile(counts, total, 0.75) - gridQuantile(counts, total, 0.25);
  const spread = Math.min(range / 1.34, deviation);
  return Math.max(1.059 * spread * exp(-0.2 * log(total)), LEAST_WIDTH);
}

function gridQuantile(counts: Float64Array, total: number, share: number): number {
  let below = 0;
  for (let at = 0; at < counts.length; at++) {
    below += counts[at] as number;
    if (below >= share * total) return at;
  }
  return counts.length - 1;
}

/** Pearson's divergence of `top` from `all`: the sum of all (top / all - 1)^2. */
export function pearsonDivergence(top: Float64Array, all: Float64Array): number {
  let divergence = 0;
  for (let at = 0; at < all.length; at++) {
    // Where nothing was ever observed nothing is divided by nothing.
    const base = (all[at] as number) + 1e-12;
    const excess = ((top[at] as number) + 1e-12) / base - 1;
    divergence += base * excess * excess;
  }
  return divergence;
}
