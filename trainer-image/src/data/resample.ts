/** Pixels of an image, row by row, `channels` bytes each. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Fraction bits of a weight: 8 bits of pixel and 2 of head room remain of 32. */
const FRACTION_BITS = 22;
/** Rounds the sum. The weights are positive and add up to 1, so no result leaves a byte. */
const HALF = 1 << (FRACTION_BITS - 1);

/** For each output position: where its inputs begin, how many they are, and their weights. */
interface Weights {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly values: Int32Array;
  readonly stride: number;
}

/**
 * Resizes to exactly `width` x `height` with a triangle filter that widens when shrinking, so it
 * does not alias; rows first, rounded to bytes in between: bit for bit what Pillow's BILINEAR gives.
 *
 * @see Pillow, `libImaging/Resample.c`.
 */
export function resample(image: Raster, width: number, height: number): Raster {
  const narrow = image.width === width ? image : resampleRows(image, width);
  return narrow.height === height ? narrow : resampleColumns(narrow, height);
}

function resampleRows(image: Raster, width: number): Raster {
  const { height, channels, data } = image;
  const { starts, counts, values, stride } = triangleWeights(image.width, width);
  const output = new Uint8Array(width * height * channels);
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const first = (y * image.width + (starts[x] ?? 0)) * channels;
      const count = counts[x] ?? 0;
      for (let channel = 0; channel < channels; channel++) {
        let sum = HALF;
        for (let i = 0; i < count; i++) {
          sum += (data[first + i * channels + channel] ?? 0) * (values[x * stride + i] ?? 0);
        }
        output[target++] = sum >> FRACTION_BITS;
      }
    }
  }
  return { width, height, channels, data: output };
}

function resampleColumns(image: Raster, height: number): Raster {
  const { width, channels, data } = image;
  const { starts, counts, values, stride } = triangleWeights(image.height, height);
  const rowBytes = width * channels;
  const output = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const first = (starts[y] ?? 0) * rowBytes;
    const count = counts[y] ?? 0;
    for (let x = 0; x < rowBytes; x++) {
      let sum = HALF;
      for (let i = 0; i < count; i++) {
        sum += (data[first + i * rowBytes + x] ?? 0) * (values[y * stride + i] ?? 0);
      }
      output[y * rowBytes + x] = sum >> FRACTION_BITS;
    }
  }
  return { width, height, channels, data: output };
}

function triangleWeights(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
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
      const distance = Math.abs((i + start - center + 0.5) / support);
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
