import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { Clock } from '../../ports/telemetry.ts';

/** A shorter one changes nothing: what was said meanwhile arrives at once. */
const NOTABLE_MS = 10_000;

/**
 * Times at which nobody could be heard. A process that ran in one must not be ended for its silence,
 * so it counts as having reported until the end of the outage.
 */
export class Outage {
  readonly #clock: Clock;
  #sinceMs: number | undefined;
  /** When the last notable one ended. */
  #endedMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** Since when nothing can be heard; undefined = all is well. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  tell(isHearing: boolean): void {
    const nowMs = this.#clock.now();
    if (!isHearing) {
      this.#sinceMs ??= nowMs;
      return;
    }
    if (this.#sinceMs !== undefined && nowMs - this.#sinceMs >= NOTABLE_MS) this.#endedMs = nowMs;
    this.#sinceMs = undefined;
  }

  /** The view, with silence that was not the pod's fault taken out. */
  excuse(view: FeedView, { startedMs, end }: PodView): FeedView {
    if (startedMs === undefined || end !== undefined) return view;
    const heardMs = this.#heardMs();
    if (heardMs === undefined || heardMs < startedMs) return view;
    return {
      ...view,
      firstReportMs: view.firstReportMs ?? startedMs,
      lastReportMs: Math.max(view.lastReportMs ?? startedMs, heardMs),
    };
  }

  #heardMs(): number | undefined {
    const nowMs = this.#clock.now();
    const isLong = this.#sinceMs !== undefined && nowMs - this.#sinceMs >= NOTABLE_MS;
    return isLong ? nowMs : this.#endedMs;
  }
}
