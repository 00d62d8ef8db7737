import type { Clock, Logger } from '../../ports/telemetry.ts';

/** How far we may be from the API server before it is believed instead of our own clock. */
const TOLERANCE_MS = 2_000;
/** An answer that took longer says too little about now. */
const MAX_ROUND_TRIP_MS = 1_000;
/** The Date header counts whole seconds. */
const SECOND_MS = 1_000;

/**
 * The time of the API server, as the Date headers of its answers tell it; between two answers it goes
 * on with the monotonic clock, so a clock that is set, wrong or too fast moves no deadline.
 *
 * Deadlines compare the time with what the API server and the kubelets wrote. Within the tolerance the
 * own clock is believed, since it knows more than whole seconds.
 */
export class ServerClock implements Clock {
  readonly #own: Clock;
  readonly #log: Logger | undefined;
  #offsetMs: number;
  #isOff = false;

  constructor(own: Clock, log?: Logger) {
    this.#own = own;
    this.#log = log;
    this.#offsetMs = own.now() - own.monotonic();
  }

  now(): number {
    return this.#own.monotonic() + this.#offsetMs;
  }

  monotonic(): number {
    return this.#own.monotonic();
  }

  sleep(ms: number, options: { readonly signal?: AbortSignal }): Promise<void> {
    return this.#own.sleep(ms, options);
  }

  /** Takes in the Date header of an answer that has just come, and how long that took. */
  observe(date: string, roundTripMs: number): void {
    const serverMs = Date.parse(date);
    if (!Number.isFinite(serverMs) || roundTripMs > MAX_ROUND_TRIP_MS) return;
    const isNear = (ms: number) =>
      ms >= serverMs - TOLERANCE_MS && ms <= serverMs + SECOND_MS + TOLERANCE_MS;
    if (isNear(this.#own.now())) {
      this.#isOff = false;
      this.#offsetMs = this.#own.now() - this.#own.monotonic();
      return;
    }
    if (!this.#isOff) {
      this.#isOff = true;
      const aheadMs = Math.round(this.#own.now() - serverMs);
      this.#log?.warn("this machine's clock is off, the API server's is used", { aheadMs });
    }
    if (isNear(this.now())) return;
    this.#offsetMs = serverMs + SECOND_MS / 2 - this.#own.monotonic();
  }
}
