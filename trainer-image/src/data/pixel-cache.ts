import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ImageFile } from './image-files.ts';
import type { Resampler } from './resamplers.ts';

/** Counts up when the meaning of the cached bytes changes. */
const FORMAT = 2;

/** Where decoded pixels are kept unless a run says otherwise. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv): string {
  const { ESPALIER_CACHE, XDG_CACHE_HOME } = environment;
  const root = ESPALIER_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'espalier');
  return join(root, 'pixels');
}

/**
 * The file for the decoded pixels of `files` in `cacheFolder`.
 *
 * Its name is a digest of the images' names, sizes and times and of all else that decides the pixels,
 * so the trials of a sweep share one file and a changed image makes a new one.
 */
export function cachePath(
  cacheFolder: string,
  files: readonly ImageFile[],
  side: number,
  resampler: Resampler,
): string {
  const hash = createHash('sha256').update(JSON.stringify([FORMAT, side, resampler]));
  for (const { name, size, modifiedMs } of files) {
    hash.update(JSON.stringify([name, size, modifiedMs]));
  }
  return join(cacheFolder, `${hash.digest('hex').slice(0, 32)}.rgb`);
}
