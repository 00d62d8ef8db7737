/** Fraction bits of a weight: 8 bits of pixel and 2 of head room remain of 32. */
export const FRACTION_BITS = 22;

/** For each output position: where its inputs begin, how many they are, and their weights. */
export interface Weights {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly values: Int32Array;
  readonly stride: number;
}

/** Sizes remembered: the images of a set have few, and their weights cost a tenth of the resizing. */
const MAX_REMEMBERED = 64;
const remembered = new Map<string, Weights>();

/** The weights of a triangle as wide as two output pixels, or two input pixels if these are larger. */
export function triangleWeights(from: number, to: number): Weights {
  const key = `${from}/${to}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const weights = computeWeights(from, to);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(key, weights);
  return weights;
}

function computeWeights(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  // Times the reciprocal, as Pillow does: the quotient may differ in its last bit.
  const perPixel = 1 / support;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const values = new Int32Array(to * stride);
  for (let position = 0; position < to; position++) {
    const center = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    const weights: number[] = [];
    let total = 0;
    for (let i = 0; i < count; i++) {
      const distance = Math.abs((i + start - center + 0.5) * perPixel);
      const weight = distance < 1 ? 1 - distance : 0;
      weights.push(weight);
      total += weight;
    }
    for (const [i, weight] of weights.entries()) {
      const share = total === 0 ? weight : weight / total;
      values[position * stride + i] = Math.trunc(share * (1 << FRACTION_BITS) + 0.5);
    }
    starts[position] = start;
    counts[position] = count;
  }
  return { starts, counts, values, stride };
}
