import type { AttemptProgress, FeedView, FoldInterest } from '../domain/trial/feed-view.ts';

/** What to look for in the reports of one Trial. */
export interface FeedInterest extends FoldInterest {
  readonly experimentUid: string;
  readonly trialUid: string;
  readonly namespace: string;
  readonly trialName: string;
}

/** Live reports of the trainers. It holds nothing that could not be read again after a restart. */
export interface MetricsFeed {
  /** Begins (or goes on) to follow a Trial; idempotent. */
  follow(interest: FeedInterest): void;
  /** The fold so far; undefined = not followed. */
  view(trialUid: string): FeedView | undefined;
  /** The Trial ended: forget it. */
  forget(trialUid: string): void;
  /** Calls back when a followed Trial's view changed in a way that a planner may act upon. */
  onChange(listener: (trialUid: string) => void): void;
}

/** What a trainer is told about its own reports. */
export interface ReportReceipts {
  /** Undefined = not known now, since not everything that was sent has been read. */
  progressOf(trialUid: string, attempt: number): AttemptProgress | undefined;
}
