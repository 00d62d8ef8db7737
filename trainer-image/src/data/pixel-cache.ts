import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeWhole } from '../files/whole-file.ts';
import { decodeAll } from './decode-pool.ts';
import type { ImageFile } from './image-files.ts';
import type { Resampler } from './resamplers.ts';

/** Counts up when the meaning of the cached bytes changes. */
const FORMAT = 2;

export interface PixelSettings {
  readonly side: number;
  readonly resampler: Resampler;
  readonly workers: number;
  readonly cacheFolder: string;
}

/** Where decoded pixels are kept unless a run says otherwise. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv): string {
  const { ESPALIER_CACHE, XDG_CACHE_HOME } = environment;
  const root = ESPALIER_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'espalier');
  return join(root, 'pixels');
}

/**
 * The file with the decoded pixels of `files`, one image after the other; made if it is not there.
 *
 * The name is a digest of the images' names, sizes and times and of all else that decides the pixels,
 * so the trials of a sweep share one file, a changed image makes a new one, and a run that dies while
 * decoding leaves none.
 */
export async function cachedPixels(
  files: readonly ImageFile[],
  settings: PixelSettings,
  signal: AbortSignal,
): Promise<string> {
  const { side, resampler, workers, cacheFolder } = settings;
  const path = join(cacheFolder, `${cacheKey(files, side, resampler)}.rgb`);
  const bytes = files.length * side * side * 3;
  if (existsSync(path) && statSync(path).size === bytes) return path;
  const pixels = await decodeAll(files, side, resampler, workers, signal);
  makeFolder(cacheFolder);
  writeWhole(path, [pixels]);
  return path;
}

function cacheKey(files: readonly ImageFile[], side: number, resampler: Resampler): string {
  const hash = createHash('sha256').update(JSON.stringify([FORMAT, side, resampler]));
  for (const { name, size, modifiedMs } of files) {
    hash.update(JSON.stringify([name, size, modifiedMs]));
  }
  return hash.digest('hex').slice(0, 32);
}
