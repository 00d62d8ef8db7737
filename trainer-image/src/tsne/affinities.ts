const SEARCH_ROUNDS = 60;
const TOLERANCE = 1e-5;

/**
 * The joint probabilities of t-SNE, rows x rows: each row's neighbours weighted by a normal curve as
 * wide as makes the row's entropy that of `perplexity` equal neighbours, then both directions averaged.
 *
 * @param distances Squared.
 * @see van der Maaten and Hinton, "Visualizing Data using t-SNE", 2008.
 */
export function jointProbabilities(
  distances: Float32Array,
  rows: number,
  perplexity: number,
): Float32Array {
  const conditional = new Float32Array(rows * rows);
  for (let row = 0; row < rows; row++) {
    const target = conditional.subarray(row * rows, (row + 1) * rows);
    fillRow(distances.subarray(row * rows, (row + 1) * rows), row, Math.log(perplexity), target);
  }
  const joint = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      const both = (conditional[i * rows + j] ?? 0) + (conditional[j * rows + i] ?? 0);
      joint[i * rows + j] = i === j ? 0 : Math.max(both / (2 * rows), 1e-12);
    }
  }
  return joint;
}

/** Bisects for the precision of the normal curve. */
function fillRow(
  distances: Float32Array,
  self: number,
  wantEntropy: number,
  target: Float32Array,
): void {
  let precision = 1;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  const nearest = distances.reduce(
    (least, value, i) => (i === self ? least : Math.min(least, value)),
    Number.POSITIVE_INFINITY,
  );
  for (let round = 0; round < SEARCH_ROUNDS; round++) {
    let sum = 0;
    let weighted = 0;
    for (const [i, distance] of distances.entries()) {
      // Relative to the nearest, so that not all weights become 0.
      const weight = i === self ? 0 : Math.exp(-(distance - nearest) * precision);
      target[i] = weight;
      sum += weight;
      weighted += weight * (distance - nearest);
    }
    const entropy = Math.log(sum) + (precision * weighted) / sum;
    for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) / sum;
    const gap = entropy - wantEntropy;
    if (Math.abs(gap) < TOLERANCE) return;
    if (gap > 0) low = precision;
    else high = precision;
    precision = high === Number.POSITIVE_INFINITY ? precision * 2 : (low + high) / 2;
  }
}
