import {
  cholesky,
  gramLower,
  invertLower,
  multiplyLower,
  multiplyLowerTransposed,
} from '../../numeric/cholesky.ts';
import { expNegative } from '../../numeric/fast-exp.ts';
import { minimise } from '../../numeric/lbfgs.ts';
import { exp, log } from '../../numeric/log-exp.ts';
import type { Hyperparameters, Points } from './kernel.ts';

const LEAST_NOISE = 1e-6;
const EVALUATIONS = 40;
const GRADIENT_TOLERANCE = 1e-2;
const RELEVANCE_BOUNDS = [log(1e-4), log(1e4)] as const;
const SCALE_BOUNDS = [log(1e-4), log(1e3)] as const;
const NOISE_BOUNDS = [log(1e-8), log(10)] as const;

/**
 * The most probable hyperparameters for some observations: a maximum of likelihood times prior, by
 * at most 40 evaluations from a start that depends on nothing, so that no fit must be remembered.
 *
 * @param values Standardised.
 */
export function fitHyperparameters(points: Points, values: Float64Array): Hyperparameters {
  const d = points.dimensions;
  const box = { lower: new Float64Array(d + 2), upper: new Float64Array(d + 2) };
  for (let i = 0; i < d + 2; i++) {
    const bounds = i < d ? RELEVANCE_BOUNDS : i === d ? SCALE_BOUNDS : NOISE_BOUNDS;
    [box.lower[i], box.upper[i]] = bounds;
  }
  // Everything 1 but the noise: a start at 1 explains all by noise and may stay there.
  const start = new Float64Array(d + 2);
  start[d + 1] = log(0.01);
  const objective = negativeLogPosterior(points, values);
  const budget = { evaluations: EVALUATIONS, gradientTolerance: GRADIENT_TOLERANCE };
  return hyperparametersOf(minimise(objective, start, box, budget).x);
}

function hyperparametersOf(logs: Float64Array): Hyperparameters {
  const d = logs.length - 2;
  return {
    relevances: logs.slice(0, d).map(exp),
    scale: exp(logs[d] as number),
    noise: LEAST_NOISE + exp(logs[d + 1] as number),
  };
}

/** As a function of the logarithms of the relevances, the scale and the noise above its least. */
export function negativeLogPosterior(points: Points, values: Float64Array) {
  const parts = pairParts(points);
  const n = points.count;
  const d = points.dimensions;
  const kernels = new Float64Array(n * n);
  const slopes = new Float64Array(n * n);
  return (logs: Float64Array, gradient: Float64Array): number => {
    const hyper = hyperparametersOf(logs);
    const { relevances, scale, noise } = hyper;
    fillKernels(parts, relevances, n, kernels, slopes);
    const matrix = kernels.map((value) => scale * value);
    for (let i = 0; i < n; i++) matrix[i * n + i] = scale + noise;
    const lower = cholesky(matrix, n);
    if (lower === undefined) return Number.POSITIVE_INFINITY;
    const inverse = invertLower(lower, n);
    const whitened = multiplyLower(inverse, values, n);
    const alpha = multiplyLowerTransposed(inverse, whitened, n);
    const precision = gramLower(inverse, n);
    let value = 0;
    for (let i = 0; i < n; i++) {
      const part = whitened[i] as number;
      value += 0.5 * part * part + log(lower[i * n + i] as number);
    }
    gradient.fill(0);
    let byScale = 0;
    let byNoise = 0;
    let pair = 0;
    for (let i = 0; i < n; i++) {
      const own = alpha[i] as number;
      for (let j = 0; j < i; j++, pair += d) {
        // Twice one half, since the pair stands in both triangles.
        const weight = (precision[i * n + j] as number) - own * (alpha[j] as number);
        byScale += weight * (kernels[i * n + j] as number);
        const slope = weight * scale * (slopes[i * n + j] as number);
        for (let k = 0; k < d; k++) {
          gradient[k] = (gradient[k] as number) + slope * (parts[pair + k] as number);
        }
      }
      const weight = 0.5 * ((precision[i * n + i] as number) - own * own);
      byScale += weight;
      byNoise += weight;
    }
    for (let k = 0; k < d; k++) {
      gradient[k] = (gradient[k] as number) * (relevances[k] as number);
    }
    gradient[d] = byScale * scale;
    gradient[d + 1] = byNoise * (noise - LEAST_NOISE);
    return value + addPrior(hyper, gradient);
  };
}

/** Minus the log of the prior; adds its derivatives. */
function addPrior({ relevances, scale, noise }: Hyperparameters, gradient: Float64Array): number {
  const d = relevances.length;
  let value = 0;
  for (let k = 0; k < d; k++) {
    // Neither irrelevant nor all-important: 0.1 / r + 0.1 r.
    const relevance = relevances[k] as number;
    value += 0.1 / relevance + 0.1 * relevance;
    gradient[k] = (gradient[k] as number) - 0.1 / relevance + 0.1 * relevance;
  }
  // Gamma(2, 1) for the scale and Gamma(1.1, 30) for the noise.
  value += scale - log(scale) + 30 * noise - 0.1 * log(noise);
  gradient[d] = (gradient[d] as number) + scale - 1;
  const excess = noise - LEAST_NOISE;
  gradient[d + 1] = (gradient[d + 1] as number) + excess * (30 - 0.1 / noise);
  return value;
}

/** By pair i > j, then dimension: the squared difference. */
function pairParts({ count, dimensions, rows, isChoice }: Points): Float64Array {
  const parts = new Float64Array(((count * (count - 1)) / 2) * dimensions);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      for (let d = 0; d < dimensions; d++) {
        const gap = (rows[i * dimensions + d] as number) - (rows[j * dimensions + d] as number);
        parts[at++] = isChoice[d] === 1 ? (gap === 0 ? 0 : 1) : gap * gap;
      }
    }
  }
  return parts;
}

function fillKernels(
  parts: Float64Array,
  relevances: Float64Array,
  n: number,
  kernels: Float64Array,
  slopes: Float64Array,
): void {
  const d = relevances.length;
  let pair = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++, pair += d) {
      let square = 0;
      for (let k = 0; k < d; k++) square += (relevances[k] as number) * (parts[pair + k] as number);
      // As in kernel.ts, with one exponential for both.
      const root = Math.sqrt(5 * square);
      const power = expNegative(-root);
      kernels[i * n + j] = power * ((5 / 3) * square + root + 1);
      slopes[i * n + j] = (-5 / 6) * (1 + root) * power;
    }
    kernels[i * n + i] = 1;
  }
}
