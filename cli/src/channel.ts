import { NO_PAINT, type Paint } from './render/style.ts';

/** Where a command writes: stdout or stderr, or a list of texts in a test. */
export interface Channel {
  write(text: string): void;
  /** Resolves when what was written has left the process, or has nobody left to read it. */
  flush(): Promise<void>;
  readonly isTerminal: boolean;
  /** Whether the cursor can be moved: a terminal that is not dumb. */
  readonly canRedraw: boolean;
  /** The present size; undefined unless a terminal. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  onResize(listener: () => void): () => void;
  readonly paint: Paint;
}

export function writeLines(channel: Channel, lines: readonly string[]): void {
  if (lines.length > 0) channel.write(`${lines.join('\n')}\n`);
}

/** A channel that keeps what is written, for tests and for text that is looked at before printing. */
export class MemoryChannel implements Channel {
  text = '';
  readonly isTerminal: boolean = false;
  readonly canRedraw: boolean = false;
  readonly paint: Paint = NO_PAINT;

  write(text: string): void {
    this.text += text;
  }

  async flush(): Promise<void> {}

  size(): { columns: number; rows: number } | undefined {
    return undefined;
  }

  onResize(): () => void {
    return () => {};
  }
}
