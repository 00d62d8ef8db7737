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

/** A door: whoever passes waits until it is open; it also tells that somebody came. */
export interface Gate {
  /** Resolves when the first caller has come to the gate. */
  readonly reached: Promise<void>;
  /** How many callers have come so far. */
  readonly callers: number;
  /** Lets everybody through who waits or comes before the next {@link Gate.close}. */
  open(): void;
  /** Makes those who come later wait. */
  close(): void;
  /** Resolves when the gate is open, or rejects with the signal's reason. */
  pass(signal?: AbortSignal): Promise<void>;
}

/** Creates a {@link Gate}, closed unless told otherwise. */
export function createGate(state: 'open' | 'closed' = 'closed'): Gate {
  const reached = Promise.withResolvers<void>();
  let opened = Promise.withResolvers<void>();
  if (state === 'open') opened.resolve();
  let callers = 0;
  return {
    reached: reached.promise,
    get callers() {
      return callers;
    },
    open: () => opened.resolve(),
    close: () => {
      opened.resolve();
      opened = Promise.withResolvers<void>();
    },
    pass: async (signal) => {
      callers += 1;
      reached.resolve();
      await unlessAborted(opened.promise, signal);
    },
  };
}

/** Resolves as the promise does, or rejects as soon as the signal aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
