/**
 * What a terminal shows after some output: only the sequences that the command line uses, so an
 * unknown one is an error and not a blemish.
 */
export class Screen {
  columns: number;
  rows: number;
  isCursorVisible = true;
  /** Lines that were longer than the terminal was wide. */
  wraps = 0;
  /** Colour sequences seen. */
  colours = 0;
  /** Times that the cursor went up. */
  redraws = 0;
  /** Lines of a table that were blank for a moment before they were written again. */
  flickers = 0;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;
  #rest = '';
  /** Rows whose text was erased from its beginning on since the cursor last went up. */
  readonly #erased = new Set<number>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    const all = this.#rest + text;
    this.#rest = '';
    for (let at = 0; at < all.length; ) {
      const char = all[at] ?? '';
      if (char === '\x1b') {
        const length = this.#escape(all.slice(at));
        if (length === 0) {
          this.#rest = all.slice(at);
          return;
        }
        at += length;
        continue;
      }
      this.#put(char);
      at += 1;
    }
  }

  /** The lines that are on the screen, without what has scrolled away. */
  text(): string {
    return this.#lines.slice(-this.rows).join('\n');
  }

  #put(char: string): void {
    if (char === '\r') this.#column = 0;
    else if (char === '\n') this.#down();
    else {
      if (this.#column >= this.columns) {
        this.wraps += 1;
        this.#column = 0;
        this.#down();
      }
      if (this.#erased.delete(this.#row) && !this.isCursorVisible) this.flickers += 1;
      const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
      this.#lines[this.#row] = line.slice(0, this.#column) + char + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #eraseLine(): void {
    const line = this.#lines[this.#row] ?? '';
    if (this.#column === 0 && line !== '') this.#erased.add(this.#row);
    this.#lines[this.#row] = line.slice(0, this.#column);
  }

  #down(): void {
    this.#row += 1;
    if (this.#row === this.#lines.length) this.#lines.push('');
  }

  /** @returns the length of the sequence, 0 if it is not complete yet. */
  #escape(text: string): number {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: sequences begin with one
    const match = /^\x1b\[([?0-9;]*)([A-Za-z])/.exec(text);
    if (match === null) {
      if (text.length < 12) return 0;
      throw new Error(`unknown sequence ${JSON.stringify(text.slice(0, 12))}`);
    }
    const [whole, parameter = '', letter] = match;
    switch (letter) {
      case 'm':
        this.colours += 1;
        break;
      case 'A':
        this.redraws += 1;
        this.#erased.clear();
        // A terminal does not move above its first line.
        this.#row = Math.max(this.#row - Number(parameter), this.#lines.length - this.rows, 0);
        break;
      case 'K':
        this.#eraseLine();
        break;
      case 'J':
        // Only what is below: whoever clears the whole screen makes it flicker.
        if (parameter !== '') throw new Error(`clears the screen: ${JSON.stringify(whole)}`);
        for (let row = this.#row + 1; row < this.#lines.length; row++) this.#erased.add(row);
        this.#lines = this.#lines.slice(0, this.#row + 1);
        this.#eraseLine();
        break;
      case 'h':
      case 'l':
        if (parameter === '?25') this.isCursorVisible = letter === 'h';
        break;
      default:
        throw new Error(`unknown sequence ${JSON.stringify(whole)}`);
    }
    return whole.length;
  }
}
