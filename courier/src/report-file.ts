import { constants, lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** A whole line of a report file; offsets are bytes. */
export interface FileLine {
  readonly offset: number;
  readonly text: string;
}

/** Longest line that is read; a longer one is skipped as broken. */
const MAX_LINE_BYTES = 2 ** 20;
const CHUNK_BYTES = 2 ** 16;

/**
 * Reads an append-only file line by line as it grows. Holds at most one chunk and one unfinished line,
 * whatever is in the file. The file need not exist yet.
 */
export class ReportFile {
  readonly path: string;
  #position = 0;
  #lineStart = 0;
  #partial: Buffer = Buffer.alloc(0);
  /** Inside a line that is too long: drop bytes up to its end. */
  #isSkipping = false;
  #overlong = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Lines that were skipped because of their length; one that is read again counts again. */
  get overlong(): number {
    return this.#overlong;
  }

  /** Whether the last line has no end (yet). */
  get hasPartialLine(): boolean {
    return this.#partial.length > 0 || this.#isSkipping;
  }

  /** Goes on at an offset where a line begins. */
  seek(offset: number): void {
    this.#position = offset;
    this.#lineStart = offset;
    this.#partial = Buffer.alloc(0);
    this.#isSkipping = false;
  }

  /** Bytes that lie before the reader; negative if the file is shorter than what was read of it. */
  ahead(): number {
    const stat = lstatSync(this.path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size - this.#position : 0;
  }

  /** The lines that the next chunk of the file completes; undefined at its end. */
  async read(): Promise<FileLine[] | undefined> {
    if (this.ahead() <= 0) return undefined;
    // The trainer owns the folder; neither a pipe nor a link must lead us elsewhere.
    const file = await open(
      this.path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return undefined;
      this.#position += bytesRead;
      return this.#take(chunk.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  }

  #take(bytes: Buffer): FileLine[] {
    const lines: FileLine[] = [];
    const bytesStart = this.#position - bytes.length;
    let from = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      const piece = bytes.subarray(from, end);
      if (this.#isSkipping) {
        this.#isSkipping = false;
        this.#overlong += 1;
      } else {
        const whole = this.#partial.length > 0 ? Buffer.concat([this.#partial, piece]) : piece;
        lines.push({ offset: this.#lineStart, text: whole.toString('utf8') });
      }
      this.#partial = Buffer.alloc(0);
      from = end + 1;
      this.#lineStart = bytesStart + from;
    }
    if (this.#isSkipping || from === bytes.length) return lines;
    if (this.#partial.length + bytes.length - from > MAX_LINE_BYTES) {
      this.#partial = Buffer.alloc(0);
      this.#isSkipping = true;
    } else {
      this.#partial = Buffer.concat([this.#partial, bytes.subarray(from)]);
    }
    return lines;
  }
}
