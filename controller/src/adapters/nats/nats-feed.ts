import { type AttemptAddress, type Point, parseReportSubject, reportsOf } from '@espalier/api';
import type { AttemptProgress, FeedView } from '../../domain/trial/feed-view.ts';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { FeedInterest, MetricsFeed, ReportReceipts } from '../../ports/metrics-feed.ts';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { judgeAttempt } from './attempts.ts';
import type { Bus } from './bus.ts';
import type { StreamMessage } from './bus-reading.ts';
import type { StreamLoss } from './continuity.ts';
import { FollowedTrial } from './followed-trial.ts';
import { Outage } from './outage.ts';
import { type PurgeCounts, PurgeQueue } from './purge-queue.ts';
import { parseReport, type Refusal } from './report-message.ts';
import type { StreamLimits } from './stream-admin.ts';
import { StreamReader } from './stream-reader.ts';

/** The pods of a Trial, by attempt. */
export interface PodSource {
  podsOf(trialUid: string): readonly PodView[];
}

export interface NatsFeedOptions {
  readonly bus: Bus;
  readonly pods: PodSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: StreamLimits;
  /** When the oldest pod was created that is not let go yet; undefined = there is none. */
  readonly oldestPodMs: () => number | undefined;
  /** Something that was in the stream is gone; the folds keep what they have. */
  readonly onLoss: (loss: StreamLoss, removed: number) => void;
  /** A Trial is of no more interest. */
  readonly onForget?: (trialUid: string) => void;
  /** Whether attempts leave a record elsewhere. @default false */
  readonly canRecover?: boolean;
  /** How often the stream's state is looked at. @default 5_000 */
  readonly checkMs?: number;
}

/** What came over the stream so far; replayed messages count again. */
export interface FeedCounts extends PurgeCounts {
  readonly folded: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly replays: number;
  /** Points that were read from the files of ended attempts. */
  readonly recovered: number;
  /** Messages that left the stream before their time, by nobody we know. */
  readonly removed: number;
}

/** Clocks of the controller, NATS and the nodes may differ by this much. */
const CLOCK_MARGIN_MS = 5 * 60 * 1000;
/** Trials whose messages were passed over; beyond that, every new Trial costs a replay. */
const MAX_PASSED_OVER = 100_000;

/**
 * The live reports of the trainers, from the stream. All it holds can be read again: after a restart,
 * and whenever a Trial is followed of which messages went by, the stream is read from the start. The
 * fold takes every message any number of times and in any order (G6), so that costs only time.
 *
 * While the stream cannot be read, processes that run count as reporting, since nobody could hear
 * them; a termination message then still tells the result (`observationOf`).
 */
export class NatsFeed implements MetricsFeed, ReportReceipts {
  readonly #options: NatsFeedOptions;
  readonly #reader: StreamReader;
  readonly #purges: PurgeQueue;
  readonly #outage: Outage;
  readonly #followed = new Map<string, FollowedTrial>();
  readonly #passedOver = new Set<string>();
  readonly #listeners: ((trialUid: string) => void)[] = [];
  readonly #counts = {
    folded: 0,
    refused: { subject: 0, payload: 0, namespace: 0, trial: 0, attempt: 0, late: 0 },
    replays: 0,
    recovered: 0,
    removed: 0,
  };
  /** A replay is due; it waits for the one that runs, so that many new Trials share one. */
  #wantsReplay = false;
  #isReplaying = true;

  constructor(options: NatsFeedOptions) {
    const { bus, clock, log, limits, oldestPodMs, onLoss, checkMs } = options;
    this.#options = options;
    this.#outage = new Outage(clock);
    this.#purges = new PurgeQueue((address) => this.#reader.purge(reportsOf(address)));
    this.#reader = new StreamReader({
      bus,
      clock,
      log,
      limits,
      replayFromMs: () => (oldestPodMs() ?? clock.now()) - CLOCK_MARGIN_MS,
      onMessage: (message) => this.#receive(message),
      onCaughtUp: () => this.#caughtUp(),
      onReading: (isReading) => this.#outage.tell(isReading),
      onLoss: (loss, removed) => {
        this.#counts.removed += removed;
        onLoss(loss, removed);
      },
      ...(checkMs === undefined ? {} : { checkMs }),
    });
  }

  get counts(): FeedCounts {
    return { ...this.#counts, ...this.#purges.counts };
  }

  /** Whether the stream is being read and everything in it was read. */
  get isCaughtUp(): boolean {
    return this.#outage.sinceMs === undefined && !this.#isReplaying && !this.#wantsReplay;
  }

  /** Since when nothing can be read from the stream; undefined = it is being read. */
  get unheardSinceMs(): number | undefined {
    return this.#outage.sinceMs;
  }

  start(): void {
    this.#reader.start();
  }

  async close(): Promise<void> {
    await this.#reader.close();
    this.#followed.clear();
  }

  follow(interest: FeedInterest): void {
    const { trialUid } = interest;
    if (this.#followed.has(trialUid)) return;
    const wentBy =
      this.#isReplaying ||
      this.#passedOver.delete(trialUid) ||
      this.#passedOver.size >= MAX_PASSED_OVER;
    this.#followed.set(trialUid, new FollowedTrial(interest, !wentBy));
    if (wentBy) this.#replay();
  }

  view(trialUid: string): FeedView | undefined {
    const followed = this.#followed.get(trialUid);
    if (followed === undefined) return undefined;
    const pods = this.#options.pods.podsOf(trialUid);
    const pod = pods.at(-1);
    if (pod !== undefined && pod.attempt >= followed.passedOver) {
      followed.passedOver = Number.POSITIVE_INFINITY;
      followed.isSettled = false;
      this.#replay();
    }
    const view = followed.view(pod?.attempt ?? 0, this.#options.canRecover === true);
    return pod === undefined ? view : this.#outage.excuse(view, pod);
  }

  progressOf(trialUid: string, attempt: number): AttemptProgress | undefined {
    // What has not been read yet would look like missing, and all of it would be sent again.
    return this.isCaughtUp ? this.#followed.get(trialUid)?.progressOf(attempt) : undefined;
  }

  forget(trialUid: string): void {
    this.#followed.delete(trialUid);
    this.#options.onForget?.(trialUid);
  }

  onChange(listener: (trialUid: string) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes the record of an ended attempt for what was heard of the trial, if it knows at least as much
   * (G7). Nothing changes before all of it was read; a failure of `points` is thrown on.
   */
  async recover(
    trialUid: string,
    attempt: number,
    points: AsyncIterable<readonly Point[]>,
  ): Promise<void> {
    const followed = this.#followed.get(trialUid);
    if (followed === undefined) return;
    const recovered = await followed.readRecord(attempt, points, this.#options.clock.now());
    this.#counts.recovered += recovered ?? 0;
    this.#tell(trialUid);
  }

  /** Removes the reports of attempts from the stream, once the record holds them; best effort. */
  discard(addresses: readonly AttemptAddress[]): void {
    this.#purges.add(addresses);
  }

  #replay(): void {
    this.#wantsReplay = true;
    if (!this.#isReplaying) this.#beginReplay();
  }

  #beginReplay(): void {
    this.#wantsReplay = false;
    this.#isReplaying = true;
    this.#counts.replays += 1;
    this.#reader.replay();
  }

  #caughtUp(): void {
    this.#isReplaying = false;
    if (this.#wantsReplay) {
      this.#beginReplay();
      return;
    }
    for (const [trialUid, followed] of this.#followed) {
      if (followed.isSettled) continue;
      followed.isSettled = true;
      this.#tell(trialUid);
    }
  }

  #receive(message: StreamMessage): void {
    const refusal = this.#take(message);
    if (refusal === undefined) this.#counts.folded += 1;
    else this.#counts.refused[refusal] += 1;
  }

  /** Folds a message, or tells why it counts for nothing. */
  #take({ subject, data, timeNanos }: StreamMessage): Refusal | undefined {
    const address = parseReportSubject(subject);
    if (address === undefined) return 'subject';
    const { trialUid, attempt } = address;
    const followed = this.#followed.get(trialUid);
    if (followed === undefined) {
      if (this.#passedOver.size < MAX_PASSED_OVER) this.#passedOver.add(trialUid);
      return 'trial';
    }
    if (address.namespace !== followed.interest.namespace) return 'namespace';
    const pods = this.#options.pods.podsOf(trialUid);
    const judged = judgeAttempt(pods, attempt, timeNanos / 1e6 - CLOCK_MARGIN_MS);
    if (judged === 'attempt') followed.passedOver = Math.min(followed.passedOver, attempt);
    if (judged !== 'counts') return judged;
    const line = parseReport(address.channel, data);
    if (line === undefined) return 'payload';
    if (followed.take(attempt, line, this.#options.clock.now())) this.#tell(trialUid);
    return undefined;
  }

  #tell(trialUid: string): void {
    for (const listener of this.#listeners) listener(trialUid);
  }
}
