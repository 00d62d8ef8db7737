import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../../ports/cluster.ts';

/** How often a request is tried, and how long the pauses are. */
export interface RetryPolicy {
  /** The first try included. */
  readonly tries: number;
  /** Longest pause after the first failure; it doubles with each. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** One try takes no longer, its body included. */
  readonly timeoutMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  tries: 5,
  baseMs: 100,
  maxMs: 5_000,
  timeoutMs: 30_000,
};

/**
 * Runs `attempt` until it succeeds, fails for good, or has used up its tries; the last error is
 * thrown as it came. The pauses are random up to their bound, so that many clients spread out.
 *
 * @param isRetryable Whether the same request may succeed later.
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  { signal }: Call,
  isRetryable: (error: unknown) => boolean,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    try {
      return await attempt(AbortSignal.any([signal, AbortSignal.timeout(policy.timeoutMs)]));
    } catch (error) {
      signal.throwIfAborted();
      if (tried >= policy.tries || !isRetryable(error)) throw error;
      const bound = Math.min(policy.baseMs * 2 ** (tried - 1), policy.maxMs);
      await sleep(bound * Math.random(), undefined, { signal });
    }
  }
}
