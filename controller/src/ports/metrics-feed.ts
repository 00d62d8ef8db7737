import type { FeedView } from '../domain/trial/feed-view.ts';

/** What to look for in the reports of one Trial. */
export interface FeedInterest {
  readonly experimentUid: string;
  readonly trialUid: string;
  readonly namespace: string;
  readonly trialName: string;
  readonly metric: string;
  readonly goal: 'maximize' | 'minimize';
  /** Unit of the milestones. */
  readonly resource: 'epoch' | 'step';
  /** Ascending; may be empty. */
  readonly milestones: readonly number[];
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
