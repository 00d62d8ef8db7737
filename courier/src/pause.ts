/** Resolves after `ms`, rejects with the signal's reason as soon as it aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
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
