import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder, syncFolder } from '../files/whole-file.ts';
import { messageOf } from '../trainer-error.ts';

/** A file that nobody has written to for so long belongs to a run that died. */
const ABANDONED_MS = 3_600_000;

let opened = 0;

/**
 * The decoded pixels of a split, one image after the other: a whole file of an earlier run, or a
 * temporary one that is filled image by image, in any order and by several threads, and gets its name
 * when the last one is there.
 *
 * Plain data, so that a worker thread may have it: the threads of a process share its open files.
 */
export interface PixelFile {
  readonly path: string;
  /** Its name until it is whole; undefined if it was there. */
  readonly temporary: string | undefined;
  readonly descriptor: number;
  readonly imageBytes: number;
}

/** @throws {Error} naming the file and the cause, as when the folder takes no file. */
export function openPixelFile(path: string, count: number, imageBytes: number): PixelFile {
  if (statSync(path, { throwIfNoEntry: false })?.size === count * imageBytes) {
    return { path, temporary: undefined, descriptor: openSync(path, 'r'), imageBytes };
  }
  makeFolder(dirname(path));
  removeAbandoned(path);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${opened++}`);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(temporary, 'w+');
    ftruncateSync(descriptor, count * imageBytes);
    return { path, temporary, descriptor, imageBytes };
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    rmSync(temporary, { force: true });
    throw cannotWrite(path, error);
  }
}

export function readPixels(file: PixelFile, image: number, target: Uint8Array): void {
  for (let done = 0; done < target.length; ) {
    const place = image * file.imageBytes + done;
    const count = readSync(file.descriptor, target, done, target.length - done, place);
    if (count === 0) throw new Error(`${file.path} ends too early`);
    done += count;
  }
}

/** @throws {Error} naming the file and the cause, as when the disk is full. */
export function writePixels(file: PixelFile, image: number, pixels: Uint8Array): void {
  try {
    for (let done = 0; done < pixels.length; ) {
      const place = image * file.imageBytes + done;
      done += writeSync(file.descriptor, pixels, done, pixels.length - done, place);
    }
  } catch (error) {
    throw cannotWrite(file.path, error);
  }
}

/** Gives the file its name: every image is there. */
export function publishPixels({ path, temporary, descriptor }: PixelFile): void {
  if (temporary === undefined) return;
  try {
    fsyncSync(descriptor);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** To be called when no thread works with the file any more. What never became whole is removed. */
export function closePixelFile({ temporary, descriptor }: PixelFile): void {
  closeSync(descriptor);
  if (temporary !== undefined) rmSync(temporary, { force: true });
}

/** A killed run could not remove its file. */
function removeAbandoned(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`.${basename(path)}.`)) continue;
    const file = join(folder, name);
    const modifiedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modifiedMs > ABANDONED_MS) rmSync(file, { force: true });
  }
}

function cannotWrite(path: string, cause: unknown): Error {
  return new Error(`cannot write ${path}: ${messageOf(cause)}`, { cause });
}
