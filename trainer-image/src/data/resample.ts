import { FRACTION_BITS, triangleWeights, type Weights } from './triangle-weights.ts';

/** Pixels of an image, row by row, `channels` bytes each. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Rounds the sum. The weights are positive and add up to 1, so no result leaves a byte. */
export const HALF = 1 << (FRACTION_BITS - 1);

/**
 * Resizes to exactly `width` x `height` with a triangle filter that widens when shrinking, so it
 * does not alias; two passes, rounded to bytes in between: bit for bit what Pillow's BILINEAR gives.
 *
 * @see Pillow, `libImaging/Resample.c`.
 */
export function resample(image: Raster, width: number, height: number): Raster {
  if (columnsComeFirst(image, width, height)) {
    return resampleRows(resampleColumns(image, height), width);
  }
  return resampleColumns(resampleRows(image, width), height);
}

/** Pillow's rule, and its order decides the rounding: when the height shrinks by more than twice as many pixels. */
export function columnsComeFirst(image: Raster, width: number, height: number): boolean {
  const shrunk = image.height - height;
  return shrunk > 0 && shrunk > 2 * (image.width - width);
}

function resampleRows(image: Raster, width: number): Raster {
  if (image.width === width) return image;
  const { height, channels } = image;
  const output = new Uint8Array(width * height * channels);
  const weights = triangleWeights(image.width, width);
  if (channels === 3) colourRows(image, width, weights, output);
  else plainRows(image, width, weights, output);
  return { width, height, channels, data: output };
}

function colourRows(image: Raster, width: number, weights: Weights, output: Uint8Array): void {
  const { starts, counts, values, stride } = weights;
  const { data } = image;
  let target = 0;
  for (let y = 0; y < image.height; y++) {
    const row = y * image.width;
    for (let x = 0; x < width; x++) {
      let source = (row + (starts[x] ?? 0)) * 3;
      let weight = x * stride;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (const end = weight + (counts[x] ?? 0); weight < end; weight++) {
        const value = values[weight] ?? 0;
        // Whole numbers of 32 bits throughout: twice as fast as the same in doubles.
        red = (red + Math.imul(data[source] ?? 0, value)) | 0;
        green = (green + Math.imul(data[source + 1] ?? 0, value)) | 0;
        blue = (blue + Math.imul(data[source + 2] ?? 0, value)) | 0;
        source += 3;
      }
      output[target] = red >> FRACTION_BITS;
      output[target + 1] = green >> FRACTION_BITS;
      output[target + 2] = blue >> FRACTION_BITS;
      target += 3;
    }
  }
}

function plainRows(image: Raster, width: number, weights: Weights, output: Uint8Array): void {
  const { starts, counts, values, stride } = weights;
  const { height, channels, data } = image;
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
}

function resampleColumns(image: Raster, height: number): Raster {
  if (image.height === height) return image;
  const { width, channels, data } = image;
  const { starts, counts, values, stride } = triangleWeights(image.height, height);
  const rowBytes = width * channels;
  const output = new Uint8Array(rowBytes * height);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < height; y++) {
    // A row at a time, so that memory is read in its order.
    sums.fill(HALF);
    const count = counts[y] ?? 0;
    for (let i = 0; i < count; i++) {
      const value = values[y * stride + i] ?? 0;
      const row = ((starts[y] ?? 0) + i) * rowBytes;
      for (let x = 0; x < rowBytes; x++) {
        sums[x] = ((sums[x] ?? 0) + Math.imul(data[row + x] ?? 0, value)) | 0;
      }
    }
    const target = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) output[target + x] = (sums[x] ?? 0) >> FRACTION_BITS;
  }
  return { width, height, channels, data: output };
}
