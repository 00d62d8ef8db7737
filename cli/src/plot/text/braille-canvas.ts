/** Bits of the eight dots of a braille character, by row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BLANK = 0x2800;

/** A grid of dots that is printed as braille characters: two dots across and four down in each. */
export class BrailleCanvas<Colour> {
  readonly columns: number;
  readonly rows: number;
  readonly #cells: Uint8Array;
  readonly #colours: (Colour | undefined)[];

  /** In characters. */
  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#cells = new Uint8Array(columns * rows);
    this.#colours = new Array<Colour | undefined>(columns * rows);
  }

  /** Sets the dot at a share of width and height (0 to 1, from the upper left); others are ignored. */
  dot(x: number, y: number, colour: Colour): void {
    const across = Math.round(x * (this.columns * 2 - 1));
    const down = Math.round(y * (this.rows * 4 - 1));
    if (!(across >= 0 && across < this.columns * 2 && down >= 0 && down < this.rows * 4)) return;
    const cell = (down >> 2) * this.columns + (across >> 1);
    const bit = DOTS[down & 3]?.[across & 1] ?? 0;
    this.#cells[cell] = (this.#cells[cell] ?? 0) | bit;
    this.#colours[cell] = colour;
  }

  /** Four dots around a place, so that it can be seen on its own. */
  spot(x: number, y: number, colour: Colour): void {
    const [across, down] = [0.5 / (this.columns * 2 - 1), 0.5 / (this.rows * 4 - 1)];
    for (const dx of [-across, across]) {
      for (const dy of [-down, down]) this.dot(x + dx, y + dy, colour);
    }
  }

  /** A straight line, dot by dot. */
  line(from: readonly [number, number], to: readonly [number, number], colour: Colour): void {
    const across = Math.abs(to[0] - from[0]) * this.columns * 2;
    const down = Math.abs(to[1] - from[1]) * this.rows * 4;
    const steps = Math.ceil(Math.max(across, down, 1));
    if (!Number.isFinite(steps)) return;
    for (let n = 0; n <= steps; n++) {
      const share = n / steps;
      this.dot(from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, colour);
    }
  }

  fill(from: readonly [number, number], to: readonly [number, number], colour: Colour): void {
    const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
    const rows = Math.max(1, Math.round((bottom - top) * this.rows * 4));
    for (let n = 0; n <= rows; n++) {
      const y = top + ((bottom - top) * n) / rows;
      this.line([from[0], y], [to[0], y], colour);
    }
  }

  /** The rows from above, each painted in runs of one colour. */
  print(paint: (colour: Colour, text: string) => string): string[] {
    return Array.from({ length: this.rows }, (_, row) => this.#row(row, paint));
  }

  #row(row: number, paint: (colour: Colour, text: string) => string): string {
    let [line, run] = ['', ''];
    let colour: Colour | undefined;
    const flush = () => {
      line += colour === undefined ? run : paint(colour, run);
      run = '';
    };
    for (let column = 0; column < this.columns; column++) {
      const cell = row * this.columns + column;
      const bits = this.#cells[cell] ?? 0;
      const next = this.#colours[cell];
      if (next !== colour) {
        flush();
        colour = next;
      }
      run += bits === 0 ? ' ' : String.fromCharCode(BLANK + bits);
    }
    flush();
    return line;
  }
}
