import { unlessAborted } from './wait.ts';

/** A number that only grows, and that others wait for. */
export interface Tally {
  add(): void;
  /** Resolves when `count` more have been added, or rejects with the signal's reason. */
  after(count: number, signal?: AbortSignal): Promise<void>;
}

/** Creates a {@link Tally} at zero. */
export function createTally(): Tally {
  let value = 0;
  const waiting = new Set<{ readonly target: number; readonly resolve: () => void }>();
  return {
    add: (): void => {
      value += 1;
      for (const entry of waiting) {
        if (entry.target > value) continue;
        waiting.delete(entry);
        entry.resolve();
      }
    },
    after: async (count: number, signal?: AbortSignal): Promise<void> => {
      if (count <= 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry = { target: value + count, resolve };
      waiting.add(entry);
      try {
        await unlessAborted(promise, signal);
      } finally {
        waiting.delete(entry);
      }
    },
  };
}
