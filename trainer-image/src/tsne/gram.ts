import type { Device } from '../backend/device.ts';

/** Inner products of all pairs of the rows of `data` (rows x columns), the rows' mean taken off. */
export function centredGram(
  device: Device,
  data: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  const means = new Float64Array(columns);
  for (const [i, value] of data.entries()) {
    const column = i % columns;
    means[column] = (means[column] ?? 0) + value / rows;
  }
  const centred = data.map((value, i) => value - (means[i % columns] ?? 0));
  const a = device.attribute;
  const matrix = device.floats([rows, columns], centred);
  const attributes = [a.float32('T'), a.flag('transpose_a', false), a.flag('transpose_b', true)];
  const product = device.run('MatMul', attributes, matrix, matrix);
  const gram = device.readFloats(product);
  device.free(matrix, product);
  return gram;
}

/** Squared distances of all pairs of rows, from their inner products. */
export function squaredDistances(gram: Float32Array, rows: number): Float32Array {
  const distances = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      const both = (gram[i * rows + i] ?? 0) + (gram[j * rows + j] ?? 0);
      const distance = Math.max(0, both - 2 * (gram[i * rows + j] ?? 0));
      distances[i * rows + j] = distance;
      distances[j * rows + i] = distance;
    }
  }
  return distances;
}
