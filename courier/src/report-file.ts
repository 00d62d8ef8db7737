import { constants, lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { LineSplitter, type ReportFileLine } from '@espalier/api';

const CHUNK_BYTES = 2 ** 16;

/**
 * Reads an append-only file line by line as it grows. Holds at most one chunk and one unfinished line,
 * whatever is in the file. The file need not exist yet.
 */
export class ReportFile {
  readonly path: string;
  readonly #splitter = new LineSplitter();

  constructor(path: string) {
    this.path = path;
  }

  /** Lines that were skipped because of their length; one that is read again counts again. */
  get overlong(): number {
    return this.#splitter.overlong;
  }

  /** Whether the last line has no end (yet). */
  get hasPartialLine(): boolean {
    return this.#splitter.hasPartialLine;
  }

  /** Goes on at an offset where a line begins. */
  seek(offset: number): void {
    this.#splitter.seek(offset);
  }

  /** Bytes that lie before the reader; negative if the file is shorter than what was read of it. */
  ahead(): number {
    const stat = lstatSync(this.path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size - this.#splitter.position : 0;
  }

  /** The lines that the next chunk of the file completes; undefined at its end. */
  async read(): Promise<ReportFileLine[] | undefined> {
    if (this.ahead() <= 0) return undefined;
    // The trainer owns the folder; neither a pipe nor a link must lead us elsewhere.
    const file = await open(
      this.path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, this.#splitter.position);
      return bytesRead === 0 ? undefined : this.#splitter.take(chunk.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  }
}
