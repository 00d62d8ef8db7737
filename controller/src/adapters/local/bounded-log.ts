import { constants, lstatSync } from 'node:fs';
import { type FileHandle, lstat, open, writeFile } from 'node:fs/promises';

const MIB = 2 ** 20;

/** A log that grows past `limit` keeps its first `head` and its last `tail` bytes. */
export interface LogBounds {
  readonly limit: number;
  readonly head: number;
  readonly tail: number;
}

export const LOG_BOUNDS: LogBounds = { limit: 16 * MIB, head: MIB, tail: 4 * MIB };

/** How much of the log stays with the artifacts, as on Kubernetes. */
const KEPT_BYTES = MIB;

/**
 * Cuts the middle out of a log that its writer goes on appending to. What is written in the
 * milliseconds of the cut may be lost, which the notice in the log admits.
 *
 * @returns whether it had to.
 */
export async function boundLog(path: string, bounds: LogBounds): Promise<boolean> {
  let file: FileHandle;
  try {
    if ((await lstat(path)).size <= bounds.limit) return false;
    // Every write of the trainer appends (O_APPEND), so cutting the end moves its next line too.
    file = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  } catch {
    // No log yet, or no longer.
    return false;
  }
  try {
    const { size } = await file.stat();
    const tail = await readEnd(file, size, bounds.tail);
    await file.truncate(bounds.head);
    const left = size - bounds.head - tail.length;
    await file.write(`\n[espalier: about ${left} bytes left out, the log was too long]\n`);
    await file.write(tail);
    return true;
  } finally {
    await file.close();
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
