import type { AttemptPlace } from '../domain/artifacts/keys.ts';
import type { Call } from '../ports/cluster.ts';
import type { Clock, Logger } from '../ports/telemetry.ts';

export interface TidierOptions {
  /** Deletes what the attempt's newest complete manifest makes superfluous; tells how many files. */
  readonly dropSuperseded: (place: AttemptPlace, call: Call) => Promise<number>;
  /** Files of the attempt's Trial were deleted. */
  readonly onDropped: (place: AttemptPlace) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** A Trial is tidied this long after it asked to store a manifest, and no more often. @default 60_000 */
  readonly everyMs?: number;
}

interface Due {
  place: AttemptPlace;
  readonly atMs: number;
}

/** Trials that are tidied later than that are tidied by their next checkpoint, or at their end. */
const MAX_WAITING = 50_000;
const WITHIN_MS = 60_000;
const PAUSE_MS = 1_000;

/**
 * Removes superseded checkpoints of Trials a while after they stored a newer one, one Trial after the
 * other. It is best effort: what it misses goes with the next checkpoint, or costs room only.
 */
export class Tidier {
  readonly #options: TidierOptions;
  /** By Trial, in the order in which they are due. */
  readonly #waiting = new Map<string, Due>();

  constructor(options: TidierOptions) {
    this.#options = options;
  }

  /** The attempt has stored a manifest, or is about to. */
  add(place: AttemptPlace): void {
    const known = this.#waiting.get(place.trialUid);
    if (known !== undefined) known.place = place;
    else if (this.#waiting.size < MAX_WAITING) {
      const { clock, everyMs = 60_000 } = this.#options;
      this.#waiting.set(place.trialUid, { place, atMs: clock.monotonic() + everyMs });
    }
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(PAUSE_MS, { signal }).catch(() => {});
      for (const [trialUid, { place, atMs }] of this.#waiting) {
        if (signal.aborted || atMs > clock.monotonic()) break;
        this.#waiting.delete(trialUid);
        await this.#tidy(place, signal);
      }
    }
  }

  async #tidy(place: AttemptPlace, signal: AbortSignal): Promise<void> {
    const { dropSuperseded, onDropped, log } = this.#options;
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
      if ((await dropSuperseded(place, { signal: within })) > 0) onDropped(place);
    } catch (error) {
      if (signal.aborted) return;
      const { trialUid, attempt } = place;
      log.warn('superseded checkpoints stay', { trialUid, attempt, error: String(error) });
    }
  }
}
