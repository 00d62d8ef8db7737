/** Matrices are square, row by row; of a lower triangle what lies above is not looked at. */

/**
 * The lower triangle L with L L' = A, or `undefined` if A is not positive definite.
 *
 * @param matrix Symmetric; only its lower triangle is read.
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const other = j * n;
      let sum = matrix[row + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[row + k] as number) * (lower[other + k] as number);
      lower[row + j] = sum / (lower[other + j] as number);
    }
    let rest = matrix[row + i] as number;
    for (let k = 0; k < i; k++) rest -= (lower[row + k] as number) * (lower[row + k] as number);
    if (!(rest > 0 && Number.isFinite(rest))) return undefined;
    lower[row + i] = Math.sqrt(rest);
  }
  return lower;
}

/** L^-1, a lower triangle too. */
export function invertLower(lower: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const pivot = 1 / (lower[row + i] as number);
    // Row i is that of the identity less the rows above, each times an entry of L.
    for (let k = 0; k < i; k++) {
      const factor = lower[row + k] as number;
      const above = k * n;
      for (let j = 0; j <= k; j++) {
        inverse[row + j] = (inverse[row + j] as number) - factor * (inverse[above + j] as number);
      }
    }
    for (let j = 0; j < i; j++) inverse[row + j] = (inverse[row + j] as number) * pivot;
    inverse[row + i] = pivot;
  }
  return inverse;
}

/** L x for a lower triangle. */
export function multiplyLower(lower: Float64Array, x: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    const row = i * n;
    for (let k = 0; k <= i; k++) sum += (lower[row + k] as number) * (x[k] as number);
    product[i] = sum;
  }
  return product;
}

/** L' x for a lower triangle. */
export function multiplyLowerTransposed(
  lower: Float64Array,
  x: Float64Array,
  n: number,
): Float64Array {
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const factor = x[i] as number;
    const row = i * n;
    for (let k = 0; k <= i; k++) {
      product[k] = (product[k] as number) + factor * (lower[row + k] as number);
    }
  }
  return product;
}

/** The lower triangle of L' L: of A^-1 if L is the inverse of A's. */
export function gramLower(lower: Float64Array, n: number): Float64Array {
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let a = 0; a <= i; a++) {
      const factor = lower[row + a] as number;
      const target = a * n;
      for (let b = 0; b <= a; b++) {
        gram[target + b] = (gram[target + b] as number) + factor * (lower[row + b] as number);
      }
    }
  }
  return gram;
}
