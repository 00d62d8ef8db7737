/** Passes pokes on, the first at once and then at most one every `intervalMs`; none is lost. */
export class Throttle {
  readonly #intervalMs: number;
  readonly #listeners: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #again = false;
  #closed = false;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  onFire(listener: () => void): void {
    this.#listeners.push(listener);
  }

  poke(): void {
    if (this.#closed) return;
    if (this.#timer !== undefined) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.poke();
    }, this.#intervalMs).unref();
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
