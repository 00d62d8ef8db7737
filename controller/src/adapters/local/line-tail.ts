import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Longest line that is read; a longer one is skipped as broken. */
const MAX_LINE_BYTES = 2 ** 20;
const CHUNK_BYTES = 2 ** 16;

/**
 * Reads an append-only file line by line as it grows. Holds at most one chunk and one unfinished
 * line, whatever is in the file, and lets other work run between chunks.
 */
export class LineTail {
  readonly path: string;
  #position = 0;
  #partial: Buffer = Buffer.alloc(0);
  /** Inside a line that is too long: drop bytes up to its end. */
  #skipping = false;
  #overlong = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Lines that were skipped because of their length. */
  get overlong(): number {
    return this.#overlong;
  }

  /** Whether the last line has no end (yet). */
  get hasPartialLine(): boolean {
    return this.#partial.length > 0 || this.#skipping;
  }

  /** Whether there is something to read; costs one stat. */
  hasGrown(): boolean {
    const stat = lstatSync(this.path, { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size > this.#position;
  }

  /** Calls back with every line that was completed since the last call, without its line end. */
  async read(onLine: (line: string) => void): Promise<void> {
    if (!this.hasGrown()) return;
    // The trainer owns the folder; neither a pipe nor a link must lead us elsewhere.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(this.path, flags);
    try {
      await this.#readAll(file, onLine);
    } finally {
      await file.close();
    }
  }

  async #readAll(file: FileHandle, onLine: (line: string) => void): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#take(chunk.subarray(0, bytesRead), onLine);
      // Reading from the page cache never waits, so without this a flood would starve everyone.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #take(bytes: Buffer, onLine: (line: string) => void): void {
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(10, from);
      if (end === -1) break;
      const piece = bytes.subarray(from, end);
      from = end + 1;
      if (this.#skipping) {
        this.#skipping = false;
        this.#overlong++;
      } else if (this.#partial.length > 0) {
        onLine(Buffer.concat([this.#partial, piece]).toString('utf8'));
      } else {
        onLine(piece.toString('utf8'));
      }
      this.#partial = Buffer.alloc(0);
    }
    if (this.#skipping || from === bytes.length) return;
    if (this.#partial.length + bytes.length - from > MAX_LINE_BYTES) {
      this.#partial = Buffer.alloc(0);
      this.#skipping = true;
    } else {
      this.#partial = Buffer.concat([this.#partial, bytes.subarray(from)]);
    }
  }
}
