import { boundLog, LOG_BOUNDS } from './bounded-log.ts';

/** How often the length of the logs is looked at. */
const CHECK_MS = 200;

/** Keeps the logs of running trainers from filling the disk. */
export class LogWatch {
  readonly #paths = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  add(path: string): void {
    this.#paths.add(path);
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  remove(path: string): void {
    this.#paths.delete(path);
    if (this.#paths.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    for (const path of this.#paths) {
      try {
        boundLog(path, LOG_BOUNDS);
      } catch {
        // A disk that is full, most likely, which is told by what matters more.
      }
    }
  }
}
