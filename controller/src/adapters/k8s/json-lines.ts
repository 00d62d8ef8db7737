const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Cuts a stream of bytes into lines, wherever the chunks were cut: bytes are joined before they are
 * decoded, so no character is torn apart.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** @throws {RangeError} if a line is longer than any object of the API server can be. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      lines.push(this.#take(chunk.subarray(from, end)));
      from = end + 1;
    }
    if (from < chunk.length) {
      this.#rest.push(chunk.subarray(from));
      this.#restBytes += chunk.length - from;
      if (this.#restBytes > MAX_LINE_BYTES) {
        throw new RangeError(`a line of more than ${MAX_LINE_BYTES} bytes`);
      }
    }
    return lines.filter((line) => line !== '');
  }

  /** Bytes of a line that has no end yet; after the end of the stream: a line that was cut. */
  get restBytes(): number {
    return this.#restBytes;
  }

  #take(tail: Buffer): string {
    if (this.#restBytes === 0) return tail.toString('utf8');
    const whole = Buffer.concat([...this.#rest, tail]);
    this.#rest = [];
    this.#restBytes = 0;
    return whole.toString('utf8');
  }
}
