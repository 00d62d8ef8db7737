import type { Fields, Logger } from '../../ports/telemetry.ts';

const LEVELS = { info: 0, warn: 1, error: 2 } as const;
export type LogLevel = keyof typeof LEVELS;

/** One JSON object per line: time, level, a constant message, then the fields. */
export class JsonLog implements Logger {
  readonly #write: (line: string) => void;
  readonly #least: LogLevel;
  readonly #now: () => number;
  readonly #fixed: Fields;

  constructor(
    write: (line: string) => void,
    least: LogLevel,
    now: () => number,
    fixed: Fields = {},
  ) {
    this.#write = write;
    this.#least = least;
    this.#now = now;
    this.#fixed = fixed;
  }

  info(message: string, fields?: Fields): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields?: Fields): void {
    this.#log('error', message, fields);
  }

  with(fields: Fields): JsonLog {
    return new JsonLog(this.#write, this.#least, this.#now, { ...this.#fixed, ...fields });
  }

  #log(level: LogLevel, message: string, fields: Fields = {}): void {
    if (LEVELS[level] < LEVELS[this.#least]) return;
    const time = new Date(this.#now()).toISOString();
    this.#write(`${JSON.stringify({ time, level, message, ...this.#fixed, ...fields })}\n`);
  }
}
