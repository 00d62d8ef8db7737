import { RandomStream } from '../random/stream.ts';

const ROUNDS = 300;
const TOLERANCE = 1e-7;

/**
 * The scores of all rows on the first two principal components, from the centred inner products: an
 * eigenvector of these is the scores on one component up to its length. Two numbers per row. Of the
 * two signs, the one that makes the largest score positive.
 */
export function principalComponents(gram: Float32Array, rows: number, seed: number): Float64Array {
  const random = new RandomStream(seed, 'principal-components');
  const scores = new Float64Array(rows * 2);
  const found: Float64Array[] = [];
  for (let component = 0; component < 2; component++) {
    const { vector, value } = powerIteration(gram, rows, found, random);
    found.push(vector);
    const length = Math.sqrt(value);
    const largest = vector.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    const scale = largest < 0 ? -length : length;
    for (let row = 0; row < rows; row++) scores[row * 2 + component] = (vector[row] ?? 0) * scale;
  }
  return scores;
}

function powerIteration(
  gram: Float32Array,
  rows: number,
  found: readonly Float64Array[],
  random: RandomStream,
): { readonly vector: Float64Array; readonly value: number } {
  let value = 0;
  let vector = normalised(Float64Array.from({ length: rows }, () => random.uniform() - 0.5));
  for (let round = 0; round < ROUNDS; round++) {
    const next = apply(gram, rows, vector);
    for (const other of found) {
      const part = dot(next, other);
      for (const [i, value] of other.entries()) next[i] = (next[i] ?? 0) - part * value;
    }
    // Its length without the components found before, even if nothing but rounding is left.
    value = Math.sqrt(dot(next, next));
    const turned = normalised(next);
    const change = turned.reduce((most, v, i) => Math.max(most, Math.abs(v - (vector[i] ?? 0))), 0);
    vector = turned;
    if (change < TOLERANCE) break;
  }
  return { vector, value };
}

function apply(gram: Float32Array, rows: number, vector: Float64Array): Float64Array {
  const result = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < rows; j++) sum += (gram[i * rows + j] ?? 0) * (vector[j] ?? 0);
    result[i] = sum;
  }
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function normalised(vector: Float64Array): Float64Array {
  // All rows may be equal: then every direction is as good.
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
}
