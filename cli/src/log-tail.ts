import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 1 << 16;

/** Reads a growing file from where the last read ended, also after it was moved. */
export class LogTail {
  #offset = 0;
  #decoder = new StringDecoder('utf8');

  /** Hands on what is new, piece by piece as it is taken; nothing if the file is not there. */
  async read(path: string, take: (text: string) => Promise<void>): Promise<void> {
    const file = await open(path, 'r').catch((error: unknown) => {
      // It may not have been made yet, or may just be moving to its last place.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return;
    try {
      // A file that became shorter is another one.
      const { size } = await file.stat();
      if (size < this.#offset) this.restart();
      const buffer = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        await take(this.#decoder.write(buffer.subarray(0, bytesRead)));
      }
    } finally {
      await file.close();
    }
  }

  /** Begins again, for the file of another attempt. */
  restart(): void {
    this.#offset = 0;
    this.#decoder = new StringDecoder('utf8');
  }
}

/** Puts a prefix before each line of text that arrives in pieces. */
export class LinePrefix {
  readonly #prefix: string;
  #rest = '';

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Whole lines of what has arrived, each with the prefix. */
  add(text: string): string {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => `${this.#prefix}${line}\n`).join('');
  }

  /** The last line, if it has no end. */
  flush(): string {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? '' : `${this.#prefix}${rest}\n`;
  }
}
