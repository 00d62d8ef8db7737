import type { ReportLine } from '@espalier/api';
import { emptyFold, type FeedFold, foldEnd, foldLine } from '../../domain/trial/feed-fold.ts';
import { viewOf } from '../../domain/trial/feed-trajectory.ts';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { FeedInterest, MetricsFeed } from '../../ports/metrics-feed.ts';
import type { Clock } from '../../ports/telemetry.ts';

interface Reports {
  readonly lines: { readonly attempt: number; readonly line: ReportLine }[];
  readonly ended: Set<number>;
  latestAttempt: number;
}

/**
 * Reports in memory: what trainers wrote outlives a controller, the fold of it does not. It leaves
 * out loss, reordering and delay; the tests of the fold have those.
 */
export class FakeFeed implements MetricsFeed {
  private readonly reports: Map<string, Reports>;
  private readonly folds = new Map<string, FeedFold>();
  private readonly listeners: ((trialUid: string) => void)[] = [];
  private readonly clock: Clock;

  constructor(clock: Clock, reports: Map<string, Reports> = new Map()) {
    this.clock = clock;
    this.reports = reports;
  }

  /** The same reports, as a new process finds them. */
  restarted(): FakeFeed {
    return new FakeFeed(this.clock, this.reports);
  }

  follow(interest: FeedInterest): void {
    if (this.folds.has(interest.trialUid)) return;
    const fold = emptyFold(interest);
    const { lines, ended } = this.reportsOf(interest.trialUid);
    for (const { attempt, line } of lines) foldLine(fold, attempt, line, this.clock.now());
    for (const attempt of ended) foldEnd(fold, attempt);
    this.folds.set(interest.trialUid, fold);
  }

  view(trialUid: string): FeedView | undefined {
    const fold = this.folds.get(trialUid);
    return fold && viewOf(fold, this.reportsOf(trialUid).latestAttempt);
  }

  forget(trialUid: string): void {
    this.folds.delete(trialUid);
  }

  onChange(listener: (trialUid: string) => void): void {
    this.listeners.push(listener);
  }

  /** A trainer starts: its attempt is the current one. */
  begin(trialUid: string, attempt: number): void {
    this.reportsOf(trialUid).latestAttempt = attempt;
  }

  report(trialUid: string, attempt: number, line: ReportLine): void {
    this.reportsOf(trialUid).lines.push({ attempt, line });
    const fold = this.folds.get(trialUid);
    if (fold !== undefined && foldLine(fold, attempt, line, this.clock.now())) this.tell(trialUid);
  }

  end(trialUid: string, attempt: number): void {
    this.reportsOf(trialUid).ended.add(attempt);
    const fold = this.folds.get(trialUid);
    if (fold !== undefined && foldEnd(fold, attempt)) this.tell(trialUid);
  }

  private tell(trialUid: string): void {
    for (const listener of this.listeners) listener(trialUid);
  }

  private reportsOf(trialUid: string): Reports {
    const known = this.reports.get(trialUid);
    if (known !== undefined) return known;
    const fresh: Reports = { lines: [], ended: new Set(), latestAttempt: 0 };
    this.reports.set(trialUid, fresh);
    return fresh;
  }
}
