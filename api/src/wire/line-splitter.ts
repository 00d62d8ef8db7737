import { MAX_REPORT_LINE_CHARACTERS } from './parse-report-line.ts';

/** A whole line of a report; its offset is in bytes, its text without the line end. */
export interface ReportFileLine {
  readonly offset: number;
  readonly text: string;
}

/** A longer line is skipped as broken; no character has less than a byte. */
const MAX_LINE_BYTES = MAX_REPORT_LINE_CHARACTERS;
const LINE_FEED = 10;
const NOTHING = new Uint8Array(0);
// A byte order mark is part of the text, so that a line's text is all of its bytes.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Cuts the bytes of a growing report into lines as they come. Holds at most one unfinished line, whatever
 * the bytes are.
 */
export class LineSplitter {
  #lineStart = 0;
  #position = 0;
  #partial: Uint8Array = NOTHING;
  /** Inside a line that is too long: drop bytes up to its end. */
  #isSkipping = false;
  #overlong = 0;

  /** Where the next bytes are expected to begin. */
  get position(): number {
    return this.#position;
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
    this.#partial = NOTHING;
    this.#isSkipping = false;
  }

  /** The lines that the next bytes complete. */
  take(bytes: Uint8Array): ReportFileLine[] {
    const lines: ReportFileLine[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      if (this.#isSkipping) {
        this.#isSkipping = false;
        this.#overlong += 1;
      } else {
        const piece = bytes.subarray(from, end);
        const whole = this.#partial.length === 0 ? piece : joined(this.#partial, piece);
        lines.push({ offset: this.#lineStart, text: decoder.decode(whole) });
      }
      this.#partial = NOTHING;
      from = end + 1;
      this.#lineStart = this.#position + from;
    }
    this.#position += bytes.length;
    if (this.#isSkipping || from === bytes.length) return lines;
    this.#isSkipping = this.#partial.length + bytes.length - from > MAX_LINE_BYTES;
    // A copy, since whoever reads may use the bytes' memory again.
    this.#partial = this.#isSkipping ? NOTHING : joined(this.#partial, bytes.subarray(from));
    return lines;
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
