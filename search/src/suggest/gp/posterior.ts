import {
  cholesky,
  invertLower,
  multiplyLower,
  multiplyLowerTransposed,
} from '../../numeric/cholesky.ts';
import {
  covariance,
  type Hyperparameters,
  matern,
  maternSlope,
  type Points,
  squaresTo,
} from './kernel.ts';

/** A fitted model: what it says of any point given what was observed. */
export interface Posterior {
  readonly points: Points;
  readonly hyper: Hyperparameters;
  /** The inverse of the lower triangle of the observations' covariance. */
  readonly inverse: Float64Array;
}

/** Conditions on observations at `points`; the noise is raised until the matrix can be taken apart. */
export function conditionOn(points: Points, hyper: Hyperparameters): Posterior {
  for (let noise = hyper.noise; ; noise *= 10) {
    const raised = { ...hyper, noise };
    const lower = cholesky(covariance(points, raised), points.count);
    if (lower !== undefined) {
      return { points, hyper: raised, inverse: invertLower(lower, points.count) };
    }
  }
}

/** The weight of each observation in any mean: covariance^-1 y. */
export function weightsOf({ inverse, points }: Posterior, values: Float64Array): Float64Array {
  return multiplyLowerTransposed(
    inverse,
    multiplyLower(inverse, values, points.count),
    points.count,
  );
}

/** One point against a posterior; the arrays are by observation. */
export interface Link {
  readonly squares: Float64Array;
  readonly covariances: Float64Array;
  readonly variance: number;
  /** The inverse triangle times the covariances. */
  readonly whitened: Float64Array;
}

export function linkTo({ points, hyper, inverse }: Posterior, at: Float64Array): Link {
  const squares = new Float64Array(points.count);
  squaresTo(points, hyper.relevances, at, squares);
  const covariances = squares.map((square) => hyper.scale * matern(square));
  const whitened = multiplyLower(inverse, covariances, points.count);
  let explained = 0;
  for (const part of whitened) explained += part * part;
  // Rounding may leave less than nothing where the function is known.
  const variance = Math.max(hyper.scale - explained, 1e-10 * hyper.scale);
  return { squares, covariances, variance, whitened };
}

/** Derivatives of the mean with the given weights, and of the variance, by each ordered coordinate. */
export function linkSlopes(
  { points, hyper, inverse }: Posterior,
  at: Float64Array,
  { squares, whitened }: Link,
  weights: Float64Array,
): { readonly mean: Float64Array; readonly variance: Float64Array } {
  const { count, dimensions: d, rows, isChoice } = points;
  const mean = new Float64Array(d);
  const variance = new Float64Array(d);
  const solved = multiplyLowerTransposed(inverse, whitened, count);
  for (let i = 0; i < count; i++) {
    const slope = 2 * hyper.scale * maternSlope(squares[i] as number);
    const ofMean = slope * (weights[i] as number);
    const ofVariance = -2 * slope * (solved[i] as number);
    for (let k = 0; k < d; k++) {
      if (isChoice[k] === 1) continue;
      const gap =
        (hyper.relevances[k] as number) * ((at[k] as number) - (rows[i * d + k] as number));
      mean[k] = (mean[k] as number) + ofMean * gap;
      variance[k] = (variance[k] as number) + ofVariance * gap;
    }
  }
  return { mean, variance };
}
