import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eigenSymmetric, identityMatrix } from './eigen.ts';

const entry = fc.double({ min: -100, max: 100, noNaN: true });
const symmetric = fc.integer({ min: 1, max: 8 }).chain((n) =>
  fc.array(entry, { minLength: n * n, maxLength: n * n }).map((entries) =>
    // A positive definite matrix, as a covariance is: the entries times their transpose.
    Float64Array.from(entries, (_, place) => {
      const [i, j] = [Math.floor(place / n), place % n];
      let sum = i === j ? 1e-3 : 0;
      for (let k = 0; k < n; k++) sum += (entries[i * n + k] ?? 0) * (entries[j * n + k] ?? 0);
      return sum;
    }),
  ),
);

test('the vectors are orthogonal and give the matrix back, whatever the guess', () => {
  fc.assert(
    fc.property(symmetric, symmetric, (matrix, other) => {
      const n = Math.sqrt(matrix.length);
      const guess =
        other.length === matrix.length
          ? eigenSymmetric(other, identityMatrix(n)).vectors
          : identityMatrix(n);
      const { values, vectors } = eigenSymmetric(matrix, guess);
      const at = (m: Float64Array, i: number, j: number) => m[i * n + j] as number;
      const scale = Math.max(...matrix.map(Math.abs), 1);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let product = 0;
          let inner = 0;
          for (let k = 0; k < n; k++) {
            product += (values[k] as number) * at(vectors, i, k) * at(vectors, j, k);
            inner += at(vectors, k, i) * at(vectors, k, j);
          }
          assert.ok(Math.abs(product - at(matrix, i, j)) < 1e-10 * scale);
          assert.ok(Math.abs(inner - Number(i === j)) < 1e-10);
        }
      }
    }),
  );
});
