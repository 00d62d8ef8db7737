import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../trainer-error.ts';

/** What a manifest says of a file. */
export interface FileDigest {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Writes a file that is there whole or not at all, whenever the machine stops: a temporary name, its
 * bytes on the disk, a rename, the folder on the disk.
 *
 * @throws {Error} naming the file and the cause, as when the disk is full; nothing is left behind.
 */
export function writeWhole(path: string, chunks: readonly Uint8Array[]): FileDigest {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  const hash = createHash('sha256');
  let size = 0;
  try {
    const file = openSync(temporary, 'w');
    try {
      for (const chunk of chunks) {
        writeFully(file, chunk);
        hash.update(chunk);
        size += chunk.length;
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
  return { size, sha256: hash.digest('hex') };
}

/** {@link writeWhole} of a text. */
export function writeText(path: string, text: string): FileDigest {
  return writeWhole(path, [Buffer.from(text)]);
}

/** Makes a folder and those above it, durably. */
export function makeFolder(path: string): void {
  try {
    if (mkdirSync(path, { recursive: true }) !== undefined) syncFolder(dirname(path));
  } catch (error) {
    throw new Error(`cannot make the folder ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function writeFully(file: number, chunk: Uint8Array): void {
  // A write may take only a part, as when the disk fills up in the middle.
  for (let done = 0; done < chunk.length; ) {
    done += writeSync(file, chunk, done, chunk.length - done);
  }
}

/** Makes renames in the folder last. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
