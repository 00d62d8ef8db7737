import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { FeedInterest, MetricsFeed } from '../../ports/metrics-feed.ts';
import type { Clock } from '../../ports/telemetry.ts';

interface Kept {
  readonly view: FeedView;
  readonly untilMs: number;
}

/**
 * A feed that remembers the last view of what it was told to forget, for a while: Prometheus looks only
 * now and then, and a Trial's last values come at its end.
 */
export class LastViews implements MetricsFeed {
  readonly #feed: MetricsFeed;
  readonly #clock: Clock;
  readonly #graceMs: number;
  /** In the order in which they expire. */
  readonly #kept = new Map<string, Kept>();

  constructor(feed: MetricsFeed, clock: Clock, graceMs: number) {
    this.#feed = feed;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  follow(interest: FeedInterest): void {
    this.#kept.delete(interest.trialUid);
    this.#feed.follow(interest);
  }

  view(trialUid: string): FeedView | undefined {
    return this.#feed.view(trialUid);
  }

  forget(trialUid: string): void {
    const view = this.#feed.view(trialUid);
    this.#feed.forget(trialUid);
    this.#expire();
    if (view === undefined) return; // told before; the time runs from the first
    this.#kept.set(trialUid, { view, untilMs: this.#clock.monotonic() + this.#graceMs });
  }

  onChange(listener: (trialUid: string) => void): void {
    this.#feed.onChange(listener);
  }

  /** The view, or the last one there was if that is not longer ago than the grace. */
  viewOrLast(trialUid: string): FeedView | undefined {
    this.#expire();
    return this.#feed.view(trialUid) ?? this.#kept.get(trialUid)?.view;
  }

  #expire(): void {
    const nowMs = this.#clock.monotonic();
    for (const [trialUid, { untilMs }] of this.#kept) {
      if (untilMs > nowMs) return;
      this.#kept.delete(trialUid);
    }
  }
}
