import type { Snapshot } from './snapshot.ts';

/** Eyes see no more, and drawing is not what a run should spend its time on. */
const INTERVAL_MS = 150;

/**
 * Reads a snapshot and hands it on when something may have changed, at most every 150 ms and never
 * twice at once. The last change is always followed by a read.
 */
export class Refresher {
  readonly #read: () => Promise<Snapshot | undefined>;
  readonly #show: (snapshot: Snapshot) => void;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #isClosed = false;
  #failure: unknown;

  constructor(read: () => Promise<Snapshot | undefined>, show: (snapshot: Snapshot) => void) {
    this.#read = read;
    this.#show = show;
  }

  /** Something may have changed. */
  poke(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // A read that is still under way may have missed this change.
      if (this.#reading === undefined) this.#reading = this.#refresh();
      else this.poke();
    }, INTERVAL_MS);
  }

  /** Shows what is there now and stops. @throws what a read threw. */
  async finish(): Promise<void> {
    this.close();
    await this.#reading;
    await this.#refresh();
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #refresh(): Promise<void> {
    try {
      const snapshot = await this.#read();
      if (snapshot !== undefined) this.#show(snapshot);
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#reading = undefined;
    }
  }
}
