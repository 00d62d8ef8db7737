import type { StreamLoss } from './adapters/nats/continuity.ts';
import type { Trouble } from './domain/experiment/trouble.ts';
import { formatTime } from './domain/time.ts';
import type { Call } from './ports/cluster.ts';
import type { Health } from './ports/health.ts';
import type { Clock, Logger } from './ports/telemetry.ts';

export interface HealthWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Since when nothing can be read from the stream; absent = there is none. */
  readonly unheardSinceMs?: () => number | undefined;
  readonly isConnected?: () => boolean;
  /** Asks the object store for anything; absent = there is none. */
  readonly useStore?: (call: Call) => Promise<unknown>;
  /** How often all is looked at. @default 5_000 */
  readonly everyMs?: number;
}

/** Shorter silences and outages pass unnoticed: what was said meanwhile arrives at once. */
const NOTABLE_MS = 10_000;
/** Trainers ask every ten seconds what has arrived; by then all of them have sent again. */
const HOLD_LOSS_MS = 30_000;
const STORE_EVERY_MS = 30_000;
const STORE_WITHIN_MS = 10_000;

const LOSSES: Readonly<Record<StreamLoss, string>> = {
  recreated: 'the metrics stream was deleted and made anew',
  regressed: 'the metrics stream went back in time, as after a restored disk',
  removed: 'messages left the metrics stream before their time: it is full, or somebody purged it',
};

/** Looks whether NATS and the object store are there, for all Experiments at once. */
export class HealthWatch implements Health {
  readonly #options: HealthWatchOptions;
  readonly #listeners: (() => void)[] = [];
  #troubles: readonly Trouble[] = [];
  #loss: { readonly message: string; lastMs: number } | undefined;
  #store: Trouble | undefined;
  #storeFailures = 0;
  /** Who does not lead reads no stream, and that is no trouble. */
  #sinceMs = Number.POSITIVE_INFINITY;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  /** Undefined = there is no store. */
  get isStoreAnswering(): boolean | undefined {
    return this.#options.useStore && this.#store === undefined;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The stream lost something that was in it. */
  lost(loss: StreamLoss): void {
    const nowMs = this.#options.clock.now();
    const what = `${LOSSES[loss]} (${formatTime(nowMs)})`;
    const message = `${what}; trainers that run send it again, the rest comes from their files`;
    // One that goes on, as in a stream that is full, is told as one.
    if (this.#loss === undefined) this.#loss = { message, lastMs: nowMs };
    else this.#loss.lastMs = nowMs;
    this.#look();
  }

  /** Looks again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs = 5_000 } = this.#options;
    let storeMs = Number.NEGATIVE_INFINITY;
    this.#sinceMs = clock.now();
    while (!signal.aborted) {
      // Soon again after a failure, so that one alone is not yet a trouble and the end is seen early.
      const pauseMs = this.#storeFailures > 0 ? everyMs : STORE_EVERY_MS;
      if (clock.monotonic() - storeMs >= pauseMs) {
        await this.#askStore(signal);
        storeMs = clock.monotonic();
      }
      if (signal.aborted) return;
      this.#look();
      await clock.sleep(everyMs, { signal }).catch(() => {});
    }
  }

  async #askStore(signal: AbortSignal): Promise<void> {
    const { useStore } = this.#options;
    if (useStore === undefined) return;
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(STORE_WITHIN_MS)]);
      await useStore({ signal: within });
      this.#storeFailures = 0;
      this.#store = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.#storeFailures += 1;
      if (this.#storeFailures < 2 || this.#store !== undefined) return;
      const why = error instanceof Error ? error.message : String(error);
      const message = `the object store does not answer: ${why}; trainers keep their files and try again`;
      this.#store = { reason: 'ArtifactStoreUnavailable', message };
    }
  }

  #look(): void {
    const { unheardSinceMs, isConnected, clock, log } = this.#options;
    const nowMs = clock.now();
    const sinceMs = unheardSinceMs?.();
    const isHearing = sinceMs === undefined;
    if (this.#loss !== undefined && isHearing && nowMs - this.#loss.lastMs >= HOLD_LOSS_MS) {
      this.#loss = undefined;
    }
    const found: Trouble[] = [];
    if (sinceMs !== undefined && nowMs - Math.max(sinceMs, this.#sinceMs) >= NOTABLE_MS) {
      const what = isConnected?.() === true ? 'the metrics stream cannot be read' : 'NATS is away';
      const message = `${what} since ${formatTime(sinceMs)}; trainers go on and keep their reports`;
      found.push({ reason: 'MetricsStreamUnavailable', message });
    }
    if (this.#loss !== undefined) {
      found.push({ reason: 'MetricsStreamLost', message: this.#loss.message });
    }
    if (this.#store !== undefined) found.push(this.#store);
    const before = this.#troubles;
    this.#troubles = found;
    const come = found.filter(({ reason }) => !before.some((old) => old.reason === reason));
    const gone = before.filter(({ reason }) => !found.some((now) => now.reason === reason));
    for (const trouble of come) log.warn('something outside is broken', { ...trouble });
    for (const { reason } of gone) log.info('something outside is well again', { reason });
    if (come.length + gone.length > 0) for (const listener of this.#listeners) listener();
  }
}
