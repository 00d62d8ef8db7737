import { Waker } from './waker.ts';

/** Resolves after `ms`, rejects with the signal's reason as soon as it aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Waker().sleep(ms, signal);
}

/** Pauses between tries: each twice as long as the one before, spread so that a thousand pods do not knock at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  async pause(signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (0.5 + Math.random());
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs);
    await pause(ms, signal);
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
