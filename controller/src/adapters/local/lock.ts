import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EspalierError } from '../../ports/errors.ts';
import { storageError } from './durable-file.ts';
import { isProcessAlive } from './processes.ts';

/** Who holds a folder, as the lock file tells it. */
export interface LockHolder {
  readonly pid: number;
  /** When it took the lock, ISO 8601. */
  readonly since: string;
  readonly command: string;
}

/**
 * An exclusive lock on a folder that the kernel frees when its holder dies, however it dies; there
 * is no stale lock and so no race about one.
 *
 * Node has no flock(2). A flock belongs to the open file description, so util-linux's `flock -n 3`,
 * given our descriptor as its number 3, locks it for us and ends.
 */
export class FolderLock {
  readonly #fd: number;
  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * @throws EspalierError LockHeld, saying by whom and what to do; Unsupported without `flock`.
   */
  static async acquire(path: string, since: string): Promise<FolderLock> {
    // A child that is between fork and exec still has the descriptor of a runner that died meanwhile.
    for (let tries = 0; ; tries++) {
      const lock = tryLock(path);
      if (lock !== undefined) {
        writeHolder(lock, since);
        return new FolderLock(lock);
      }
      const holder = readHolder(path);
      const gone = holder === undefined || !isProcessAlive(holder.pid);
      if (!gone || tries >= 20) throw lockHeld(path, holder);
      await sleep(50);
    }
  }

  release(): void {
    // The file stays: removing a locked file would let two processes lock two files of one name.
    ftruncateSync(this.#fd, 0);
    closeSync(this.#fd);
  }
}

/** Our locked descriptor; undefined = somebody else holds the lock. */
function tryLock(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'a+', 0o600);
  } catch (cause) {
    throw storageError(`cannot open the lock ${path}`, cause);
  }
  const done = spawnSync('flock', ['--exclusive', '--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  if (done.status === 0 && isStillThere(fd, path)) return fd;
  closeSync(fd);
  if (done.error !== undefined || (done.status !== 0 && done.status !== 1)) {
    throw new EspalierError(
      'Unsupported',
      `cannot lock ${path}: the program flock (package util-linux) does not work here`,
      { cause: done.error },
    );
  }
  return undefined;
}

/** The file may have been removed, with its folder, between opening and locking it. */
function isStillThere(fd: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === fstatSync(fd).ino;
}

function writeHolder(fd: number, since: string): void {
  const command = [process.argv0, ...process.argv.slice(1)].join(' ').slice(0, 300);
  const holder: LockHolder = { pid: process.pid, since, command };
  ftruncateSync(fd, 0);
  try {
    writeSync(fd, `${JSON.stringify(holder)}\n`);
  } catch (cause) {
    closeSync(fd);
    throw storageError('cannot write the lock file', cause);
  }
}

/** Undefined if the file does not tell, because nobody holds it or somebody is just taking it. */
export function readHolder(path: string): LockHolder | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof read !== 'object' || read === null) return undefined;
    const { pid, since, command } = read as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof since !== 'string' || typeof command !== 'string') {
      return undefined;
    }
    return { pid, since, command };
  } catch {
    // Absent, empty or half written: it tells nobody.
    return undefined;
  }
}

function lockHeld(path: string, holder: LockHolder | undefined): EspalierError {
  const folder = path.replace(/\/lock$/, '');
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} (${holder.command}), since ${holder.since}`;
  const stop = holder === undefined ? 'stop it' : `end it (kill -INT ${holder.pid})`;
  return new EspalierError(
    'LockHeld',
    `${folder} is held by ${who}; wait for it, ${stop}, or use another folder (--dir)`,
  );
}
