import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACT } from '@espalier/api';
import { messageOf } from '../trainer-error.ts';

/** The lines of a run: on the console at once, in a file as they come, and kept for the record. */
export class RunLog {
  readonly #path: string;
  readonly #console: (line: string) => void;
  #text = '';

  /** Begins the file anew: a resumed run repeats its earlier lines. */
  constructor(folder: string, console: (line: string) => void) {
    this.#path = join(folder, ARTIFACT.log);
    this.#console = console;
    this.#try(() => writeFileSync(this.#path, ''));
  }

  get text(): string {
    return this.#text;
  }

  readonly say = (line: string): void => {
    this.#text += `${line}\n`;
    this.#console(line);
    this.#try(() => appendFileSync(this.#path, `${line}\n`));
  };

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw new Error(`cannot write ${this.#path}: ${messageOf(error)}`, { cause: error });
    }
  }
}
