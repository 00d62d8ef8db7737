import type { Point, ReportLine } from '@espalier/api';
import { closeRecord } from '../../domain/trial/close-record.ts';
import { emptyFold, type FeedFold, foldLine } from '../../domain/trial/feed-fold.ts';
import { progressOf, viewOf } from '../../domain/trial/feed-trajectory.ts';
import type { AttemptProgress, FeedView } from '../../domain/trial/feed-view.ts';
import type { FeedInterest } from '../../ports/metrics-feed.ts';

/** What was heard of one Trial. */
export class FollowedTrial {
  readonly interest: FeedInterest;
  /**
   * Whether everything of it that is in the stream was read. Until then it shows nothing: a part of
   * the points would look like a worse result than the one on record.
   */
  isSettled: boolean;
  /** The lowest attempt whose messages were passed over, because no such pod was known. */
  passedOver = Number.POSITIVE_INFINITY;
  #fold: FeedFold;
  /** Whether the record in its files was read, so that they can tell no more. */
  #hasReadRecord = false;

  constructor(interest: FeedInterest, isSettled: boolean) {
    this.interest = interest;
    this.isSettled = isSettled;
    this.#fold = emptyFold(interest);
  }

  /** Folds a report; true if a planner may want to look. */
  take(attempt: number, line: ReportLine, nowMs: number): boolean {
    return foldLine(this.#fold, attempt, line, nowMs) && this.isSettled;
  }

  /** @param leavesRecord Whether attempts leave a record elsewhere. */
  view(currentAttempt: number, leavesRecord: boolean): FeedView {
    const fold = this.isSettled ? this.#fold : emptyFold(this.interest);
    const canRecover = leavesRecord && !this.#hasReadRecord;
    return { ...viewOf(fold, currentAttempt), canRecover };
  }

  progressOf(attempt: number): AttemptProgress | undefined {
    return this.isSettled ? progressOf(this.#fold, attempt) : undefined;
  }

  /**
   * Takes the record of an ended attempt for what was heard, if it knows at least as much; nothing
   * changes before all of it was read.
   *
   * @returns the points that count now; undefined = the record gave way.
   */
  async readRecord(
    attempt: number,
    points: AsyncIterable<readonly Point[]>,
    nowMs: number,
  ): Promise<number | undefined> {
    const record = emptyFold(this.interest);
    for await (const batch of points) {
      foldLine(record, attempt, { kind: 'points', points: [...batch] }, nowMs);
    }
    this.#hasReadRecord = true;
    const closed = closeRecord(record, this.#fold, attempt);
    if (closed === undefined) return undefined;
    this.#fold = closed;
    this.isSettled = true;
    return closed.points;
  }
}
