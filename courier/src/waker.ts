/** A sleep that others can end early. */
export class Waker {
  #wake = (): void => {};

  wake(): void {
    this.#wake();
  }

  /** Resolves after `ms` or when woken; rejects with the signal's reason. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const abort = (): void => reject(signal.reason);
    this.#wake = resolve;
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}
