import { writeFileSync } from 'node:fs';
import { ImageSet } from '../data/image-set.ts';
import { openPixelFile } from '../data/pixel-file.ts';

/** Images whose decoded pixels are `pixels`, kept in the file `path`. */
export function imagesOf(
  path: string,
  pixels: Uint8Array,
  labels: Int32Array,
  side: number,
  workers = 0,
): ImageSet {
  writeFileSync(path, pixels);
  const file = openPixelFile(path, labels.length, side * side * 3);
  return new ImageSet({ paths: [], labels, side, resampler: 'exact', file, workers });
}
