import { reportLineSchema } from '@espalier/api';
import { emptyFold, type FeedFold, foldEnd, foldLine } from '../../domain/trial/feed-fold.ts';
import { viewOf } from '../../domain/trial/feed-trajectory.ts';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import type { FeedInterest, MetricsFeed } from '../../ports/metrics-feed.ts';
import type { Clock } from '../../ports/telemetry.ts';
import { LineTail } from './line-tail.ts';

export interface FileFeedOptions {
  readonly clock: Clock;
  /** A Trial has ended: its reports are not read again. */
  readonly onForget: (trialUid: string, attempts: readonly number[]) => void;
  /** Told once per attempt that lines of its report were skipped. */
  readonly onBroken: (interest: FeedInterest, attempt: number, why: string) => void;
}

interface Tail {
  readonly lines: LineTail;
  /** The process has ended: what is in the file is all there will be. */
  ended: boolean;
  /** Everything of an ended attempt was read. */
  done: boolean;
  broken: number;
  /** It could not be read, and that was told. */
  unreadable: boolean;
}

interface Followed {
  readonly attempts: Map<number, Tail>;
  interest?: FeedInterest;
  fold?: FeedFold;
  view?: FeedView;
  reading: boolean;
}

/** How often live report files are looked at. */
const POLL_MS = 100;

/**
 * The report files of the attempts, read as they grow. They are polled, not watched: a look costs
 * microseconds, also works on network folders, and there are only as many as trials run at once.
 */
export class FileFeed implements MetricsFeed {
  readonly #options: FileFeedOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #listeners: ((trialUid: string) => void)[] = [];
  readonly #readListeners: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FileFeedOptions) {
    this.#options = options;
  }

  follow(interest: FeedInterest): void {
    const followed = this.#of(interest.trialUid);
    if (followed.interest !== undefined) return;
    followed.interest = interest;
    followed.fold = emptyFold(interest);
    this.#poke(interest.trialUid);
  }

  view(trialUid: string): FeedView | undefined {
    const followed = this.#followed.get(trialUid);
    if (followed?.fold === undefined) return undefined;
    const current = Math.max(0, ...followed.attempts.keys());
    followed.view ??= viewOf(followed.fold, current);
    return followed.view;
  }

  forget(trialUid: string): void {
    const attempts = [...(this.#followed.get(trialUid)?.attempts.keys() ?? [])];
    this.#followed.delete(trialUid);
    if (this.#followed.size === 0) this.#stopPolling();
    this.#options.onForget(trialUid, attempts);
  }

  onChange(listener: (trialUid: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls back after every reading, also of what no planner acts upon. */
  onRead(listener: () => void): void {
    this.#readListeners.push(listener);
  }

  /** An attempt begins (or is met again after a restart); its report will be at `path`. */
  attach(trialUid: string, attempt: number, path: string): void {
    const followed = this.#of(trialUid);
    if (followed.attempts.has(attempt)) return;
    followed.attempts.set(attempt, {
      lines: new LineTail(path),
      ended: false,
      done: false,
      broken: 0,
      unreadable: false,
    });
    delete followed.view;
    this.#poke(trialUid);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS).unref();
  }

  /** No process of that attempt runs any more: what is left in the file is read at once. */
  ended(trialUid: string, attempt: number): void {
    const tail = this.#followed.get(trialUid)?.attempts.get(attempt);
    if (tail === undefined) return;
    tail.ended = true;
    this.#poke(trialUid);
  }

  close(): void {
    this.#stopPolling();
    this.#followed.clear();
  }

  #stopPolling(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #of(trialUid: string): Followed {
    const known = this.#followed.get(trialUid);
    if (known !== undefined) return known;
    const fresh: Followed = { attempts: new Map(), reading: false };
    this.#followed.set(trialUid, fresh);
    return fresh;
  }

  #poll(): void {
    for (const trialUid of this.#followed.keys()) this.#poke(trialUid);
  }

  #poke(trialUid: string): void {
    const followed = this.#followed.get(trialUid);
    if (followed?.interest === undefined || followed.reading) return;
    const due = [...followed.attempts.values()].some(
      (tail) => !tail.done && (tail.ended || tail.lines.hasGrown()),
    );
    if (!due) return;
    followed.reading = true;
    void this.#read(trialUid, followed).finally(() => {
      followed.reading = false;
      // An end may have been told while we read.
      if (this.#followed.get(trialUid) === followed) this.#poke(trialUid);
    });
  }

  async #read(trialUid: string, followed: Followed): Promise<void> {
    const { interest, fold } = followed;
    if (interest === undefined || fold === undefined) return;
    for (const [attempt, tail] of [...followed.attempts].sort(([a], [b]) => a - b)) {
      if (tail.done) continue;
      // Asked before reading: only then is the end of the file the end of the report.
      const { ended } = tail;
      let isNews = false;
      try {
        await tail.lines.read((line) => {
          const parsed = parseLine(line);
          if (parsed === undefined) tail.broken++;
          else if (foldLine(fold, attempt, parsed, this.#options.clock.now())) isNews = true;
        });
      } catch (error) {
        if (!tail.unreadable) {
          this.#options.onBroken(interest, attempt, `its report cannot be read: ${String(error)}`);
        }
        tail.unreadable = true;
        if (!ended) return;
      }
      if (ended) {
        tail.done = true;
        this.#tellBroken(interest, attempt, tail);
        if (foldEnd(fold, attempt)) isNews = true;
      }
      delete followed.view;
      for (const listener of this.#readListeners) listener();
      if (isNews) for (const listener of this.#listeners) listener(trialUid);
    }
  }

  #tellBroken(interest: FeedInterest, attempt: number, tail: Tail): void {
    const { overlong, hasPartialLine } = tail.lines;
    const count = tail.broken + overlong + (hasPartialLine ? 1 : 0);
    if (count === 0) return;
    this.#options.onBroken(
      interest,
      attempt,
      `${count} lines of its report were skipped: ${tail.broken} broken, ${overlong} too long` +
        `${hasPartialLine ? ', the last one without an end' : ''}`,
    );
  }
}

function parseLine(line: string): ReturnType<typeof reportLineSchema.parse> | undefined {
  try {
    return reportLineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
