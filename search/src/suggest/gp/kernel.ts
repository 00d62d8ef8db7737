import { expNegative } from '../../numeric/fast-exp.ts';

/** What the model assumes; all positive. */
export interface Hyperparameters {
  /** By dimension: 1 / squared length scale. */
  readonly relevances: Float64Array;
  /** Variance of the function. */
  readonly scale: number;
  /** Variance of an observation around it. */
  readonly noise: number;
}

/** Points in model coordinates, row by row, and which of their columns are choices. */
export interface Points {
  readonly count: number;
  readonly dimensions: number;
  readonly rows: Float64Array;
  /** 1 where a column holds choices: those are at distance 0 or 1. */
  readonly isChoice: Uint8Array;
}

/** Matern 5/2 as a function of the squared scaled distance: 1 at 0. */
export function matern(square: number): number {
  const root = Math.sqrt(5 * square);
  return expNegative(-root) * ((5 / 3) * square + root + 1);
}

/** Its derivative by the squared distance. */
export function maternSlope(square: number): number {
  const root = Math.sqrt(5 * square);
  return (-5 / 6) * (1 + root) * expNegative(-root);
}

/** Squared scaled distances of a point to all others, into `target`. */
export function squaresTo(
  { count, dimensions, rows, isChoice }: Points,
  relevances: Float64Array,
  at: Float64Array,
  target: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    const row = i * dimensions;
    let square = 0;
    for (let d = 0; d < dimensions; d++) {
      const gap = (at[d] as number) - (rows[row + d] as number);
      const part = isChoice[d] === 1 ? (gap === 0 ? 0 : 1) : gap * gap;
      square += (relevances[d] as number) * part;
    }
    target[i] = square;
  }
}

/** Covariances of the points with each other, the noise on the diagonal; the lower triangle only. */
export function covariance(points: Points, hyper: Hyperparameters): Float64Array {
  const { count, dimensions, rows } = points;
  const matrix = new Float64Array(count * count);
  const squares = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = rows.subarray(i * dimensions, (i + 1) * dimensions);
    squaresTo({ ...points, count: i }, hyper.relevances, at, squares);
    for (let j = 0; j < i; j++) {
      matrix[i * count + j] = hyper.scale * matern(squares[j] as number);
    }
    matrix[i * count + i] = hyper.scale + hyper.noise;
  }
  return matrix;
}
