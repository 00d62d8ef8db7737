import { pointSchema } from '@espalier/api';
import { emptyFold, foldEnd, foldLine } from '../../domain/trial/feed-fold.ts';
import { viewOf } from '../../domain/trial/feed-trajectory.ts';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { FeedInterest, MetricsFeed } from '../../ports/metrics-feed.ts';
import type { Clock } from '../../ports/telemetry.ts';

/** What the feed looks at: the pods of a Trial. */
export interface PodSource {
  podsOf(trialUid: string): readonly PodView[];
}

/**
 * Reports without a stream: the last observation that a trainer leaves as its termination message.
 *
 * Nothing is known while it runs, so a process that runs counts as reporting: the deadlines
 * `startup` and `stall` cannot be told and do not strike; early stopping has nothing to judge.
 */
export class TerminationFeed implements MetricsFeed {
  readonly #source: PodSource;
  readonly #clock: Clock;
  readonly #interests = new Map<string, FeedInterest>();

  constructor(source: PodSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  follow(interest: FeedInterest): void {
    this.#interests.set(interest.trialUid, interest);
  }

  forget(trialUid: string): void {
    this.#interests.delete(trialUid);
  }

  /** A pod's change wakes its Trial by itself. */
  onChange(): void {}

  view(trialUid: string): FeedView | undefined {
    const interest = this.#interests.get(trialUid);
    if (interest === undefined) return undefined;
    const fold = emptyFold(interest);
    const pods = this.#source.podsOf(trialUid);
    for (const { attempt, end } of pods) {
      if (end === undefined) continue;
      const point = pointOf(end.message);
      if (point !== undefined)
        foldLine(fold, attempt, { kind: 'points', points: [point] }, end.atMs);
      foldEnd(fold, attempt);
    }
    const current = pods.at(-1);
    const view = viewOf(fold, current?.attempt ?? 0);
    if (current?.startedMs === undefined) return view;
    const lastReportMs = current.end?.atMs ?? this.#clock.now();
    return { ...view, firstReportMs: current.startedMs, lastReportMs };
  }
}

/** Hostile text: whatever is no observation is nothing. */
function pointOf(message: string | undefined) {
  if (message === undefined) return undefined;
  try {
    const result = pointSchema.safeParse(JSON.parse(message));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
