import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LineSplitter } from '@espalier/api';

const CHUNK_BYTES = 2 ** 16;

/**
 * Reads an append-only file line by line as it grows. Holds at most one chunk and one unfinished
 * line, whatever is in the file, and lets other work run between chunks.
 */
export class LineTail {
  readonly path: string;
  readonly #splitter = new LineSplitter();

  constructor(path: string) {
    this.path = path;
  }

  /** Lines that were skipped because of their length. */
  get overlong(): number {
    return this.#splitter.overlong;
  }

  /** Whether the last line has no end (yet). */
  get hasPartialLine(): boolean {
    return this.#splitter.hasPartialLine;
  }

  /** Whether there is something to read; costs one stat. */
  hasGrown(): boolean {
    const stat = lstatSync(this.path, { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size > this.#splitter.position;
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
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, this.#splitter.position);
      if (bytesRead === 0) return;
      for (const { text } of this.#splitter.take(chunk.subarray(0, bytesRead))) onLine(text);
      // Reading from the page cache never waits, so without this a flood would starve everyone.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
