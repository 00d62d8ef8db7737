import * as fs from 'node:fs';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EspalierError } from '../../ports/errors.ts';
import { failpoint } from './failpoint.ts';

const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);

/** Every temporary name begins so; a leftover one is rubbish of a crash. */
export const TEMPORARY_PREFIX = '.tmp-';

/**
 * Replaces files so that a reader, or a crash at any moment, sees the old or the new content and
 * never a part: temporary file, fsync, rename, fsync of the folder. Counts what it did, because
 * durable writes are the price of a trial.
 */
export class DurableFiles {
  #serial = 0;
  #writes = 0;
  #totalMs = 0;

  /** Durable writes so far, and their mean duration. */
  stats(): { readonly writes: number; readonly meanMs: number } {
    return { writes: this.#writes, meanMs: this.#writes === 0 ? 0 : this.#totalMs / this.#writes };
  }

  /** @throws EspalierError Storage, naming the file; the old content then stands. */
  async write(path: string, content: string): Promise<void> {
    failpoint('write-begin');
    const begun = performance.now();
    await replaceFile(path, content, { serial: this.#serial++, sync: true });
    this.#writes++;
    this.#totalMs += performance.now() - begun;
    failpoint('write-renamed');
  }

  /** As atomic as {@link write}, but a power loss may bring the old content back. */
  async writeView(path: string, content: string): Promise<void> {
    await replaceFile(path, content, { serial: this.#serial++, sync: false });
  }
}

/**
 * Only what waits for the disk leaves this thread: a step through the thread pool costs more than a
 * call that touches the page cache, and on a busy machine several times as much.
 */
async function replaceFile(
  path: string,
  content: string,
  options: { readonly serial: number; readonly sync: boolean },
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `${TEMPORARY_PREFIX}${process.pid}-${options.serial}`);
  try {
    const fd = openSync(temporary, 'w', 0o644);
    try {
      writeFileSync(fd, content);
      if (options.sync) await fdatasync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    if (options.sync) await syncFolder(folder);
  } catch (cause) {
    removeQuietly(temporary);
    throw storageError(`cannot write ${path}`, cause);
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error that brought us here is the one to tell; the file is rubbish to the next reader.
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await fsync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a folder and its missing parents, and their names durable. */
export async function makeDurableFolder(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true });
    if (first === undefined) return;
    const stop = dirname(first);
    for (let at = dirname(folder); ; at = dirname(at)) {
      await syncFolder(at);
      if (at === stop || at === dirname(at)) return;
    }
  } catch (cause) {
    throw storageError(`cannot make the folder ${folder}`, cause);
  }
}

/**
 * Makes a folder and its missing parents, one by one: where the kernel takes no new names, as in
 * /proc, Node's own recursive form never returns.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Says what failed and, for the failures people meet, what to do. */
export function storageError(what: string, cause: unknown): EspalierError {
  const code = errorCode(cause);
  const hint =
    code === 'ENOSPC'
      ? 'the disk is full; free some space, it goes on by itself'
      : code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
        ? 'the folder cannot be written; check its owner and mode'
        : describeCause(cause);
  return new EspalierError('Storage', `${what}: ${hint}`, { cause });
}

/** Without the path: it is told already, or is a temporary name that differs each time. */
function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return errorCode(cause) === undefined ? cause.message : (cause.message.split(', ')[0] ?? '');
}

/** The `code` of a system error, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
