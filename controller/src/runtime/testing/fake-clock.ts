import type { Clock } from '../../ports/telemetry.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that moves only when told; it never jumps backwards. */
export class FakeClock implements Clock {
  private timeMs: number;
  private readonly sleepers = new Set<Sleeper>();

  constructor(startMs = 1_800_000_000_000) {
    this.timeMs = startMs;
  }

  now(): number {
    return this.timeMs;
  }

  monotonic(): number {
    return this.timeMs;
  }

  /** When the earliest sleeper wakes; undefined = nobody sleeps. */
  get nextMs(): number | undefined {
    const times = [...this.sleepers].map(({ atMs }) => atMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  sleep(ms: number, { signal }: { readonly signal?: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { atMs: this.timeMs + ms, wake: resolve };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Moves on and wakes whoever is due, in order; resolves when promises have settled. */
  async advance(ms: number): Promise<void> {
    await settle();
    const until = this.timeMs + ms;
    for (;;) {
      const next = this.nextMs;
      if (next === undefined || next > until) break;
      this.timeMs = Math.max(this.timeMs, next);
      for (const sleeper of [...this.sleepers].filter(({ atMs }) => atMs <= next)) {
        this.sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settle();
    }
    this.timeMs = until;
    await settle();
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
