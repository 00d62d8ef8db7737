import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait and how often to look. */
export interface WaitOptions {
  /** What is awaited, for the message: "pod a-003 is Running". */
  readonly what: string;
  /** @default 30_000 */
  readonly timeoutMs?: number;
  /** First pause between two looks; it grows by half each time up to `maxPauseMs`. @default 10 */
  readonly pauseMs?: number;
  /** @default 200 */
  readonly maxPauseMs?: number;
  /** Tells why waiting is of no use any more; a text ends the wait at once. */
  readonly unless?: () => string | undefined;
  /** Ends the wait at once with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Resolves with the first value of `look` that is neither undefined, null nor false.
 *
 * A throw of `look` counts as "not yet", because servers that start refuse connections; the last one
 * becomes the cause when time is up.
 *
 * @throws {Error} naming what was awaited and the last failure, once `timeoutMs` have passed or
 *   `unless` gives a reason.
 */
export async function waitFor<T>(
  look: () => T | Promise<T>,
  { what, timeoutMs = 30_000, pauseMs = 10, maxPauseMs = 200, unless, signal }: WaitOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs;
  let pause = pauseMs;
  let cause: unknown;
  for (;;) {
    signal?.throwIfAborted();
    const why = unless?.();
    if (why !== undefined) throw new Error(`cannot wait until ${what}: ${why}`, { cause });
    try {
      const value = await look();
      if (value !== undefined && value !== null && value !== false) {
        return value as NonNullable<Exclude<T, false>>;
      }
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    const left = deadline - performance.now();
    if (left <= 0) {
      const because = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}${because}`, { cause });
    }
    await sleep(Math.min(pause, left), undefined, signal === undefined ? {} : { signal });
    pause = Math.min(pause * 1.5, maxPauseMs);
  }
}

/** A one-way door: whoever passes waits until it is opened; it also tells that somebody came. */
export interface Gate {
  /** Resolves when the first caller has reached the gate. */
  readonly reached: Promise<void>;
  /** How many callers have reached it so far. */
  readonly waiting: number;
  /** Lets everybody through, now and later. */
  open(): void;
  /** Resolves when the gate is open. */
  pass(signal?: AbortSignal): Promise<void>;
}

/** Creates a closed {@link Gate}. */
export function createGate(): Gate {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let waiting = 0;
  return {
    reached: reached.promise,
    get waiting() {
      return waiting;
    },
    open: () => opened.resolve(),
    pass: async (signal) => {
      waiting += 1;
      reached.resolve();
      if (signal === undefined) return opened.promise;
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        await Promise.race([opened.promise, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}
