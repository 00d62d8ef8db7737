export interface BackoffOptions {
  /** Delay after the first failure. */
  readonly baseMs: number;
  /** No delay is longer. */
  readonly maxMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 50, maxMs: 60_000 };

/** Delay before try `failures + 1`: doubles with each failure, up to `maxMs`; never NaN or negative. */
export function backoffMs(failures: number, { baseMs, maxMs }: BackoffOptions): number {
  // 2 ** 2000 is Infinity, which the minimum takes care of; 0 * Infinity would not be.
  const factor = 2 ** Math.min(Math.max(failures - 1, 0), 50);
  return Math.min(baseMs * factor, maxMs);
}
