/** Eigenvalues, and the eigenvectors as columns; matrices are square, row by row. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

const SWEEPS = 30;
/** Off-diagonal parts below this share of the diagonal no longer change a digit that matters. */
const NEGLIGIBLE = 1e-13;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's cyclic rotations.
 *
 * @param guess Orthogonal columns to start from: those of a matrix little different save most sweeps.
 * @see Golub, Van Loan, "Matrix Computations", 8.5.
 */
export function eigenSymmetric(matrix: Float64Array, guess: Float64Array): Eigen {
  const n = Math.sqrt(matrix.length);
  const vectors = guess.slice();
  const a = congruent(matrix, vectors, n);
  for (let sweep = 0; sweep < SWEEPS && !isDiagonal(a, n); sweep++) {
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number), vectors };
}

/** The columns of the identity. */
export function identityMatrix(n: number): Float64Array {
  const identity = new Float64Array(n * n);
  for (let i = 0; i < n; i++) identity[i * n + i] = 1;
  return identity;
}

/** V' A V. */
function congruent(matrix: Float64Array, vectors: Float64Array, n: number): Float64Array {
  return multiply(transposed(vectors, n), multiply(matrix, vectors, n), n);
}

function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k] as number;
      for (let j = 0; j < n; j++) {
        product[i * n + j] = (product[i * n + j] as number) + factor * (b[k * n + j] as number);
      }
    }
  }
  return product;
}

function transposed(a: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result[j * n + i] = a[i * n + j] as number;
  }
  return result;
}

function isDiagonal(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) if (!isNegligible(a, n, i, j)) return false;
  }
  return true;
}

function isNegligible(a: Float64Array, n: number, p: number, q: number): boolean {
  const product = (a[p * n + p] as number) * (a[q * n + q] as number);
  return Math.abs(a[p * n + q] as number) <= NEGLIGIBLE * Math.sqrt(Math.abs(product));
}

/** Turns the plane of p and q so that the entry between them becomes 0. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q] as number;
  if (apq === 0 || isNegligible(a, n, p, q)) return;
  const half = ((a[q * n + q] as number) - (a[p * n + p] as number)) / (2 * apq);
  const t = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(1 + half * half));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(vectors, k * n + p, k * n + q, c, s);
}

function turn(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = m[i] as number;
  const y = m[j] as number;
  m[i] = c * x - s * y;
  m[j] = s * x + c * y;
}
