import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, writeFile } from 'node:fs/promises';

const MIB = 2 ** 20;

/** A log that grows past `limit` keeps its first `head` and its last `tail` bytes. */
export interface LogBounds {
  readonly limit: number;
  readonly head: number;
  readonly tail: number;
}

export const LOG_BOUNDS: LogBounds = { limit: 16 * MIB, head: MIB, tail: 2 * MIB };

/** How much of the log stays with the artifacts, as on Kubernetes. */
const KEPT_BYTES = MIB;

/**
 * Cuts the middle out of a log that its writer goes on appending to. What is written in the moment
 * between reading the end and cutting it off is lost, so there is no waiting in between; the notice
 * in the log says "about".
 *
 * @returns whether it had to.
 */
export function boundLog(path: string, bounds: LogBounds): boolean {
  if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) <= bounds.limit) return false;
  // Every write of the trainer appends (O_APPEND), so cutting the end moves its next line too.
  const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    const tail = Buffer.alloc(2 * bounds.tail);
    const { size } = fstatSync(fd);
    let length = readSync(fd, tail, 0, bounds.tail, size - bounds.tail);
    // What came while we read; at most as much again.
    length += readSync(fd, tail, length, bounds.tail, size);
    ftruncateSync(fd, bounds.head);
    const left = size - bounds.head - bounds.tail;
    writeSync(fd, `\n[espalier: about ${left} bytes left out, the log was too long]\n`);
    writeSync(fd, tail, 0, length);
    return true;
  } finally {
    closeSync(fd);
  }
}

/**
 * Keeps the end of the log at `target`, unless the trainer left a log of its own there or printed
 * nothing.
 */
export async function keepLogEnd(path: string, target: string): Promise<void> {
  // Most short trainers print nothing; a look is cheaper than opening.
  if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size === 0) return;
    const end = await readEnd(file, stat.size, KEPT_BYTES);
    await writeFile(target, end, { flag: 'wx' });
  } catch {
    // It exists, or there is no room for it: the end of a log is best effort, like on Kubernetes.
  } finally {
    await file.close();
  }
}

async function readEnd(file: FileHandle, size: number, bytes: number): Promise<Buffer> {
  const length = Math.min(size, bytes);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
