import type { Clock } from '../ports/telemetry.ts';
import { type BackoffOptions, backoffMs, DEFAULT_BACKOFF } from './backoff.ts';
import { DueHeap } from './due-heap.ts';

export interface AddOptions {
  /** Not before so long. Default 0. */
  readonly delayMs?: number;
  /** Higher goes first; equal ones in order of arrival. Default 0. */
  readonly priority?: number;
}

/** For resync and for objects found at start: anything that just happened goes first. */
export const LOW_PRIORITY = -1;

/** Timers of Node fire at once if they are to wait for more than 24 days (2^31 ms). */
const MAX_TIMER_MS = 24 * 3_600_000;

interface Wanted {
  atMs: number;
  priority: number;
}

/**
 * Keys to look at. Each key waits at most once and is in at most one worker's hands; a key that is
 * added while in hand is handed out again after `done`.
 *
 * Adding a waiting key again keeps the earlier time and the higher priority.
 */
export class WorkQueue {
  private readonly clock: Clock;
  private readonly backoff: BackoffOptions;
  private readonly waiting = new Map<string, Wanted>();
  private readonly due = new DueHeap();
  private readonly ready = new Map<number, Set<string>>();
  private readonly inHand = new Set<string>();
  private readonly again = new Map<string, Wanted>();
  private readonly failures = new Map<string, number>();
  private readonly takers: ((key: string | undefined) => void)[] = [];
  private timer: AbortController | undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private isClosed = false;
  private readonly onTake: (waitedMs: number) => void;

  /** @param onTake called for each key that is handed out, with how long it could have been. */
  constructor(
    clock: Clock,
    backoff: BackoffOptions = DEFAULT_BACKOFF,
    onTake: (waitedMs: number) => void = () => {},
  ) {
    this.clock = clock;
    this.backoff = backoff;
    this.onTake = onTake;
  }

  /** Keys that could be taken now. */
  get depth(): number {
    let depth = 0;
    for (const keys of this.ready.values()) depth += keys.size;
    return depth;
  }

  add(key: string, { delayMs = 0, priority = 0 }: AddOptions = {}): void {
    if (this.isClosed) return;
    this.want(key, { atMs: this.clock.monotonic() + Math.max(0, delayMs), priority });
  }

  /** Adds a key whose work failed: later with every failure since the last `forget`. */
  retry(key: string): void {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    this.add(key, { delayMs: backoffMs(failures, this.backoff) });
  }

  /** The key's work succeeded: its next failure is its first. */
  forget(key: string): void {
    this.failures.delete(key);
  }

  /** The next key, once there is one; undefined once the queue is closed. */
  take(): Promise<string | undefined> {
    const key = this.isClosed ? undefined : this.shift();
    if (key !== undefined || this.isClosed) return Promise.resolve(key);
    return new Promise((resolve) => this.takers.push(resolve));
  }

  /** The worker is through with the key. */
  done(key: string): void {
    this.inHand.delete(key);
    const wanted = this.again.get(key);
    this.again.delete(key);
    if (wanted !== undefined && !this.isClosed) this.want(key, wanted);
  }

  /** Hands nothing out any more; waiting takers get undefined. */
  close(): void {
    this.isClosed = true;
    this.timer?.abort();
    for (const resolve of this.takers.splice(0)) resolve(undefined);
  }

  private want(key: string, wanted: Wanted): void {
    const into = this.inHand.has(key) ? this.again : this.waiting;
    const before = into.get(key);
    const merged = {
      atMs: Math.min(before?.atMs ?? wanted.atMs, wanted.atMs),
      priority: Math.max(before?.priority ?? wanted.priority, wanted.priority),
    };
    if (before?.atMs === merged.atMs && before.priority === merged.priority) return;
    into.set(key, merged);
    if (into === this.again) return;
    if (before !== undefined) this.ready.get(before.priority)?.delete(key);
    if (merged.atMs <= this.clock.monotonic()) {
      this.makeReady(key, merged);
    } else if (before?.atMs !== merged.atMs) {
      this.due.push({ atMs: merged.atMs, key });
      this.wake();
    }
  }

  private makeReady(key: string, { priority }: Wanted): void {
    const keys = this.ready.get(priority) ?? new Set();
    this.ready.set(priority, keys.add(key));
    const taker = this.takers.shift();
    if (taker !== undefined) taker(this.shift());
  }

  private shift(): string | undefined {
    let best: number | undefined;
    for (const [priority, keys] of this.ready) {
      if (keys.size > 0 && priority > (best ?? Number.NEGATIVE_INFINITY)) best = priority;
    }
    if (best === undefined) return undefined;
    const keys = this.ready.get(best) as Set<string>;
    const [key] = keys;
    if (key === undefined) return undefined;
    const now = this.clock.monotonic();
    this.onTake(Math.max(0, now - (this.waiting.get(key)?.atMs ?? now)));
    keys.delete(key);
    this.waiting.delete(key);
    this.inHand.add(key);
    return key;
  }

  /** Sees to it that one timer runs, for the key that is due first. */
  private wake(): void {
    const first = this.due.first;
    if (first === undefined || first.atMs >= this.timerAtMs || this.isClosed) return;
    this.timer?.abort();
    const timer = new AbortController();
    this.timer = timer;
    this.timerAtMs = first.atMs;
    const dueMs = Math.max(0, first.atMs - this.clock.monotonic());
    const delayMs = Math.min(dueMs, MAX_TIMER_MS);
    this.clock.sleep(delayMs, { signal: timer.signal }).then(
      () => this.release(),
      // Aborted: an earlier timer took over, or the queue closed.
      () => undefined,
    );
  }

  private release(): void {
    this.timerAtMs = Number.POSITIVE_INFINITY;
    const now = this.clock.monotonic();
    for (let first = this.due.first; first !== undefined; first = this.due.first) {
      const wanted = this.waiting.get(first.key);
      const isStale = wanted === undefined || wanted.atMs !== first.atMs;
      if (!isStale && first.atMs > now) break;
      this.due.pop();
      if (!isStale) this.makeReady(first.key, wanted);
    }
    this.wake();
  }
}
