import { closeSync, openSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from './attempt-file.ts';
import { type DownloadOptions, downloadFile, type Expected } from './download.ts';
import { pause } from './pause.ts';
import { RefusedError } from './refused-error.ts';
import { messageOf, systemCode } from './say.ts';

export const READ_DATA = { kind: 'read', source: 'data', path: '' } as const;

/** How often whoever fetches an archive says that it still does; silent for long, it counts as dead. */
const BEAT_MS = 5_000;
const DEAD_MS = 30_000;
const LOOK_MS = 500;

/**
 * The archive in the cache of this node, put there if it is not; undefined if the cache cannot be used.
 *
 * Of several pods one fetches and the others wait for it. That only saves work: an archive counts by its
 * digest, and appears whole or not at all, so two that fetch it at the same time do no harm.
 */
export async function archiveFromCache(
  folder: string,
  data: Expected,
  options: DownloadOptions,
): Promise<string | undefined> {
  const { say, signal } = options;
  const target = join(folder, `${data.sha256}.tar`);
  const lock = join(folder, `.${data.sha256}.lock`);
  try {
    for (;;) {
      if (!isHeld(lock)) {
        if (await isIntact(target, data)) {
          say('the data comes from the cache of this node');
          return target;
        }
        const release = take(lock);
        if (release !== undefined) {
          return await fetchInto(folder, target, data, options).finally(release);
        }
      }
      await pause(LOOK_MS, signal);
    }
  } catch (error) {
    if (error instanceof RefusedError || signal.aborted) throw error;
    say(`the cache of this node cannot be used: ${messageOf(error)}`);
    return undefined;
  }
}

async function fetchInto(
  folder: string,
  target: string,
  data: Expected,
  options: DownloadOptions,
): Promise<string> {
  const unfinished = `.${data.sha256}.part-`;
  // Nobody else is at it, so these were left by somebody who was killed.
  for (const name of readdirSync(folder)) {
    if (name.startsWith(unfinished)) rmSync(join(folder, name), { force: true });
  }
  const part = join(folder, `${unfinished}${crypto.randomUUID()}`);
  try {
    await downloadFile(READ_DATA, data, part, options);
    await rename(part, target);
    return target;
  } finally {
    rmSync(part, { force: true });
  }
}

function isHeld(lock: string): boolean {
  const stat = statSync(lock, { throwIfNoEntry: false });
  // A beat from the future was made before the clock was set back, and must not hold for ever.
  return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < DEAD_MS;
}

/** Takes the lock, also from somebody who is dead; undefined if another one was faster. */
function take(lock: string): (() => void) | undefined {
  if (!isHeld(lock)) rmSync(lock, { force: true });
  try {
    closeSync(openSync(lock, 'wx'));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    throw error;
  }
  const beat = setInterval(() => {
    try {
      utimesSync(lock, new Date(), new Date());
    } catch {
      // Taken from us, for we seemed dead: there is nothing to keep.
    }
  }, BEAT_MS);
  return () => {
    clearInterval(beat);
    rmSync(lock, { force: true });
  };
}

async function isIntact(path: string, { size, sha256 }: Expected): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const found = await digestOf(file);
      return found.size === size && found.sha256 === sha256;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
