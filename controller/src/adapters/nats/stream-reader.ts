import type { Clock, Logger } from '../../ports/telemetry.ts';
import type { Bus } from './bus.ts';
import type { Reading, StreamMessage } from './bus-reading.ts';
import {
  type Cursor,
  compareOverlap,
  lossSince,
  mayHaveAged,
  removedBetween,
  type StreamLoss,
  startAt,
} from './continuity.ts';
import type { StreamLimits, StreamState } from './stream-admin.ts';

export interface StreamReaderOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: StreamLimits;
  /** Since when messages still matter to anyone; asked whenever all is read again. */
  readonly replayFromMs: () => number;
  /** Every message, those that are read again included. */
  readonly onMessage: (message: StreamMessage) => void;
  /** Everything that was in the stream when this replay began has been read. */
  readonly onCaughtUp: () => void;
  readonly onLoss: (loss: StreamLoss, removed: number) => void;
  /** Whether there is a stream to read from just now has changed. */
  readonly onReading: (isReading: boolean) => void;
  /** How often the stream's state is looked at. @default 5_000 */
  readonly checkMs?: number;
}

const RETRY_MS = 1_000;
/**
 * A server that is not done with deleting a stream takes the files of the next one of that name along:
 * that one then stores nothing, or delivers nothing, and says neither.
 */
const DELETING_MS = 1_000;
const ASKED = 'asked to';

/**
 * Reads the stream for ever: makes it where it is missing, goes on where it stopped, and reads all of
 * it again when it cannot be sure that nothing was lost. So messages come at least once.
 */
export class StreamReader {
  readonly #options: StreamReaderOptions;
  readonly #stopping = new AbortController();
  #cursor: Cursor | undefined;
  #running: Promise<void> | undefined;
  /** While all is read again: the number at which that is done, also if it takes several readings. */
  #replayUntil: number | undefined;
  /** Ends the reading of now, so that the next one begins. */
  #restart: (() => void) | undefined;
  #purged = 0;
  #lastState: StreamState | undefined;
  /** Purges and looks follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: StreamReaderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error('the reader is closed'));
    this.#restart?.();
    await this.#running;
  }

  /** Reads everything again, from `replayFromMs` on. */
  replay(): void {
    this.#cursor = undefined;
    this.#restart?.();
  }

  /** Removes a subject's messages; they do not count as lost. */
  purge(subject: string): Promise<number> {
    return this.#alone(async () => {
      const purged = await this.#options.bus.purge(subject);
      this.#purged += purged;
      return purged;
    });
  }

  /** A look that a purge runs into would not know whether it counts it. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #makeStream(): Promise<StreamState> {
    const { bus, limits, clock } = this.#options;
    if (this.#lastState !== undefined && (await bus.streamState()) === undefined) {
      await clock.sleep(DELETING_MS, { signal: this.#stopping.signal });
    }
    return bus.ensureStream(limits);
  }

  async #run(): Promise<void> {
    const { bus, clock, log, onReading } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await bus.whenConnected(signal);
        const why = await this.#readOnce();
        log.info('reading the metrics stream anew', { why });
        if (why === ASKED || signal.aborted) continue;
        await clock.sleep(RETRY_MS, { signal }).catch(() => {});
      } catch (error) {
        if (signal.aborted) break;
        log.warn('the metrics stream cannot be read', { error: String(error) });
        onReading(false);
        await clock.sleep(RETRY_MS, { signal }).catch(() => {});
      }
    }
    onReading(false);
  }

  /** One reading from its start to its end; resolves with why it ended. */
  async #readOnce(): Promise<string> {
    const { bus, replayFromMs, onReading } = this.#options;
    const state = await this.#alone(() => this.#makeStream());
    if (this.#isLost(state, this.#cursor)) this.#cursor = undefined;
    if (this.#cursor === undefined) this.#replayUntil = state.lastSeq;
    const { promise, resolve } = Promise.withResolvers<string>();
    const over = new AbortController();
    // At once: what still arrives must not move the cursor, or a replay that was asked for is lost.
    const end = (why: string): void => {
      over.abort();
      resolve(why);
    };
    let reading: Reading | undefined;
    this.#restart = () => end(ASKED);
    // Closed while the stream was looked at, when there was nothing to end yet.
    if (this.#stopping.signal.aborted) end('closed');
    try {
      const start = startAt(this.#cursor, replayFromMs());
      const onMessage = this.#receiver(this.#cursor, over.signal, end);
      reading = await bus.read({ start, onMessage, onEnd: end });
      if (reading.pending === 0 && !over.signal.aborted) this.#caughtUp();
      onReading(true);
      void this.#check(over.signal, end);
      return await promise;
    } finally {
      over.abort();
      this.#restart = undefined;
      reading?.stop();
      onReading(false);
    }
  }

  #receiver(
    overlap: Cursor | undefined,
    over: AbortSignal,
    end: (why: string) => void,
  ): (message: StreamMessage) => void {
    const { onMessage, onLoss } = this.#options;
    let expected = overlap;
    return (message) => {
      if (over.aborted) return;
      if (expected !== undefined) {
        const found = compareOverlap(expected, message);
        if (found !== 'same') {
          this.#cursor = undefined;
          if (found === 'regressed') onLoss('regressed', 0);
          end(`the last message that was read is ${found === 'regressed' ? 'another' : 'gone'}`);
          return;
        }
      }
      expected = undefined;
      this.#cursor = { seq: message.seq, timeNanos: message.timeNanos };
      onMessage(message);
      if (message.pending === 0 || message.seq >= (this.#replayUntil ?? 0)) this.#caughtUp();
    };
  }

  #caughtUp(): void {
    if (this.#replayUntil === undefined) return;
    this.#replayUntil = undefined;
    this.#options.onCaughtUp();
  }

  /** Looks at the stream now and then, for what no message tells. */
  async #check(over: AbortSignal, end: (why: string) => void): Promise<void> {
    const { bus, clock, checkMs = 5_000 } = this.#options;
    while (!over.aborted) {
      try {
        await clock.sleep(checkMs, { signal: over });
        const [cursor, state] = await this.#alone(async () => {
          // Before the question: a message may overtake the answer, which does not count it.
          const read = this.#cursor;
          return [read, await bus.streamState()] as const;
        });
        if (over.aborted) return;
        if (state === undefined) return end('the stream is gone');
        if (this.#isLost(state, cursor)) {
          this.#cursor = undefined;
          return end('the stream is not the one that was read');
        }
      } catch {
        // Unreachable: the reading itself ends when that lasts.
      }
    }
  }

  /**
   * Compares the stream with what was known of it, tells what is gone, and takes note of it.
   *
   * @param cursor of the time at which the server was asked.
   */
  #isLost(state: StreamState, cursor: Cursor | undefined): boolean {
    const { onLoss, clock, limits } = this.#options;
    const before = this.#lastState;
    const loss = lossSince(before, cursor, state);
    const isAge = before !== undefined && mayHaveAged(before, state, limits.maxAgeMs, clock.now());
    const removed = before === undefined || isAge ? 0 : removedBetween(before, state, this.#purged);
    this.#lastState = state;
    this.#purged = 0;
    if (loss !== undefined) onLoss(loss, 0);
    else if (removed > 0) onLoss('removed', removed);
    return loss !== undefined;
  }
}
