import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../trainer-error.ts';
import { type ImageFile, listImages, requireLabels } from './image-files.ts';
import { ImageSet } from './image-set.ts';
import { cachePath } from './pixel-cache.ts';
import { openPixelFile } from './pixel-file.ts';
import type { Resampler } from './resamplers.ts';
import { limitFiles } from './subset.ts';

/** The folders of a data set. `test` is optional and has no labels. */
const SPLITS = { train: 'train', valid: 'valid', test: 'test' } as const;

export interface PixelSettings {
  readonly side: number;
  readonly resampler: Resampler;
  /** Threads that decode and augment. */
  readonly workers: number;
  readonly cacheFolder: string;
}

export interface DataSettings extends PixelSettings {
  readonly classes: number;
  /** Use only so many images of a split; 0 = all. */
  readonly trainLimit: number;
  readonly validLimit: number;
}

/** More are of little use unless the user raises UV_THREADPOOL_SIZE, whose threads do the decoding. */
const MOST_WORKERS = 4;

/** The threads to decode and augment with: as many as asked for, else one per CPU thread, at most 4. */
export function countWorkers(
  { workers }: { readonly workers: number },
  threads: number | undefined,
): number {
  return workers || Math.min(threads ?? availableParallelism(), MOST_WORKERS);
}

/** The files of a data set, checked but not decoded. */
export interface DataFiles {
  readonly train: readonly ImageFile[];
  readonly valid: readonly ImageFile[];
  /** undefined if the data set has no test folder. */
  readonly test: readonly ImageFile[] | undefined;
}

/** @throws {ConfigurationError} naming the folder or the files that make training impossible. */
export function findDataFiles(folder: string, settings: DataSettings): DataFiles {
  const train = requireImages(join(folder, SPLITS.train));
  const valid = requireImages(join(folder, SPLITS.valid));
  requireLabels(train, settings.classes);
  requireLabels(valid, settings.classes);
  const test = listImages(join(folder, SPLITS.test));
  return {
    train: limitFiles(train, settings.trainLimit),
    valid: limitFiles(valid, settings.validLimit),
    test: test?.length === 0 ? undefined : test,
  };
}

/**
 * The images of one folder of a data set.
 *
 * @throws {ConfigurationError} naming the folder that is missing or empty.
 */
export function findSplit(folder: string, split: keyof typeof SPLITS): readonly ImageFile[] {
  return requireImages(join(folder, SPLITS[split]));
}

/** Opens a split's pixels; what no earlier run has decoded, threads begin to decode now. */
export function openImages(files: readonly ImageFile[], settings: PixelSettings): ImageSet {
  const { side, resampler, workers, cacheFolder } = settings;
  const path = cachePath(cacheFolder, files, side, resampler);
  return new ImageSet({
    paths: files.map((file) => file.path),
    labels: Int32Array.from(files, (file) => file.label),
    side,
    resampler,
    file: openPixelFile(path, files.length, side * side * 3),
    workers,
  });
}

function requireImages(folder: string): ImageFile[] {
  const files = listImages(folder);
  if (files === undefined) throw new ConfigurationError(`there is no folder ${folder}`);
  if (files.length === 0) {
    throw new ConfigurationError(`${folder} holds no file that ends in .jpg`);
  }
  return files;
}
