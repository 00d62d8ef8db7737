import type { Channel } from './channel.ts';
import { displayWidth } from './render/width.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const COLOURS = /\x1b\[[0-9;]*m/g;

/**
 * Draws frames over one another at the bottom of a terminal. Each is one write that replaces line
 * by line and clears nothing that it will fill again, so that nothing flickers; the cursor waits
 * below, where a terminal echoes `^C`, and the next frame wipes that out.
 */
export class Screen {
  readonly #channel: Channel;
  #frame: readonly string[] = [];
  #isHidden = false;
  /** The cursor must come back whatever ends the process. */
  readonly #atExit = () => this.#showCursor();
  /** Ctrl-Z: the shell gets a terminal as it was, and `fg` finds the frame below what happened since. */
  readonly #atStop = () => {
    this.#channel.write(SHOW_CURSOR);
    process.kill(process.pid, 'SIGSTOP');
  };
  readonly #atGoingOn = () => {
    const frame = this.#frame;
    this.#frame = [];
    this.#channel.write(HIDE_CURSOR);
    this.draw(frame);
  };

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Replaces what the last frame showed. The lines must fit on the terminal. */
  draw(frame: readonly string[]): void {
    const text = frame.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    this.#channel.write(`${this.#hideCursor()}${this.#toTop()}${text}${CLEAR_BELOW}`);
    this.#frame = frame;
  }

  /** Removes the frame and gives the cursor back. */
  clear(): void {
    if (this.#frame.length > 0) this.#channel.write(`${this.#toTop()}${CLEAR_BELOW}`);
    this.#frame = [];
    this.#showCursor();
  }

  #toTop(): string {
    const columns = this.#channel.size()?.columns ?? 80;
    // A terminal that became narrower has wrapped the lines of the old frame.
    const height = this.#frame.reduce((sum, line) => {
      const width = displayWidth(line.replace(COLOURS, ''));
      return sum + Math.max(1, Math.ceil(width / columns));
    }, 0);
    return height === 0 ? '\r' : `\r\x1b[${height}A`;
  }

  #hideCursor(): string {
    if (this.#isHidden) return '';
    this.#isHidden = true;
    process.on('exit', this.#atExit);
    process.on('SIGTSTP', this.#atStop);
    process.on('SIGCONT', this.#atGoingOn);
    return HIDE_CURSOR;
  }

  #showCursor(): void {
    if (!this.#isHidden) return;
    this.#isHidden = false;
    process.off('exit', this.#atExit);
    process.off('SIGTSTP', this.#atStop);
    process.off('SIGCONT', this.#atGoingOn);
    this.#channel.write(SHOW_CURSOR);
  }
}
