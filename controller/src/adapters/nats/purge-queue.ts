import type { AttemptAddress } from '@espalier/api';

export interface PurgeCounts {
  /** Messages that were removed. */
  readonly purged: number;
  /** Attempts whose messages stay until they are too old. */
  readonly skipped: number;
}

/** More than end at once in any installation; what does not fit stays in the stream. */
const MAX_WAITING = 10_000;

/** Removes the reports of attempts from the stream, one attempt after the other, best effort. */
export class PurgeQueue {
  readonly #purge: (address: AttemptAddress) => Promise<number>;
  readonly #waiting: AttemptAddress[] = [];
  readonly #counts = { purged: 0, skipped: 0 };
  #isBusy = false;

  constructor(purge: (address: AttemptAddress) => Promise<number>) {
    this.#purge = purge;
  }

  get counts(): PurgeCounts {
    return this.#counts;
  }

  add(addresses: readonly AttemptAddress[]): void {
    for (const address of addresses) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(address);
      else this.#counts.skipped += 1;
    }
    if (!this.#isBusy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const purged = await this.#purge(next);
        this.#counts.purged += purged;
      } catch {
        // The server is away: the age limit of the stream will do it.
        this.#counts.skipped += 1;
      }
    }
    this.#isBusy = false;
  }
}
