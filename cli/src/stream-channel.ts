import type { WriteStream } from 'node:tty';
import type { Channel } from './channel.ts';
import {
  COLOUR_PAINT,
  type ColourEnvironment,
  NO_PAINT,
  type Paint,
  wantsColour,
} from './render/style.ts';

/** Wraps a stream of the process. */
export class StreamChannel implements Channel {
  readonly #stream: NodeJS.WriteStream;
  readonly isTerminal: boolean;
  readonly canRedraw: boolean;
  readonly paint: Paint;

  constructor(stream: NodeJS.WriteStream, env: ColourEnvironment) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.canRedraw = this.isTerminal && env.TERM !== 'dumb';
    this.paint = wantsColour(env, this.isTerminal) ? COLOUR_PAINT : NO_PAINT;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  /** A pipe that is full takes no more for now: leaving then would lose the rest. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write('', () => resolve());
    });
  }

  size(): { columns: number; rows: number } | undefined {
    if (!this.isTerminal) return undefined;
    const { columns, rows } = this.#stream as WriteStream;
    // A terminal that does not know its size says 0.
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
  }

  onResize(listener: () => void): () => void {
    this.#stream.on('resize', listener);
    return () => this.#stream.off('resize', listener);
  }
}
