import { parseReportLine, type ReportFileLine, type ReportLine } from '@espalier/api';
import type { Connection } from './connection.ts';
import { MessageBuilder, type ReportMessage, stateMessage } from './message-builder.ts';
import { Publisher } from './publisher.ts';
import { ReportFile } from './report-file.ts';
import { ReportProgress } from './report-progress.ts';
import { messageOf, once, type Say } from './say.ts';
import { type Arrived, SyncJudge } from './sync-judge.ts';
import { Waker } from './waker.ts';

export interface ReportStreamOptions {
  readonly connection: Pick<Connection, 'publish' | 'ask' | 'askOnce' | 'isConnected'>;
  /** Need not exist yet. */
  readonly path: string;
  readonly say: Say;
  /** How often the controller is asked what has arrived. @default 10_000 */
  readonly syncMs?: number;
}

const MAX_MESSAGE_BYTES = 256 * 1024;
const WINDOW_MESSAGES = 4;
/** Points wait for company at most so long. */
const GATHER_MS = 1_000;
/** How often the file is looked at: a stat, microseconds. */
const LOOK_MS = 200;
const SYNC_MS = 10_000;
/** Sending all again is only dear, so nobody waits long to avoid it. */
const SKIP_WAIT_MS = 5_000;
/** At the end nothing new comes that could hide a loss, so less patience is needed. */
const LAST_SYNC_MS = 1_000;

/**
 * Carries a report file to the stream: every line at least once, until the controller has confirmed
 * that its fold has it (the fold counts each point once). The file is the only queue: what was not
 * delivered is read again, and memory stays within a few messages however long NATS is away.
 */
export class ReportStream {
  readonly #options: ReportStreamOptions;
  readonly #file: ReportFile;
  readonly #builder = new MessageBuilder(MAX_MESSAGE_BYTES);
  readonly #publisher: Publisher;
  readonly #progress = new ReportProgress();
  readonly #waker = new Waker();
  readonly #warn: Say;
  #judge: SyncJudge;
  /** Points up to this one have arrived: they are not sent again. */
  #skipTo = -1;
  #sentMs = 0;
  #askedMs: number;
  /** What did not arrive in time; read again from there as soon as the window is empty. */
  #lost: Arrived | undefined;
  #isAsking = false;
  #isEnding = false;
  #isConfirmed = false;
  #broken = 0;

  constructor(options: ReportStreamOptions) {
    const { connection, path, say, syncMs = SYNC_MS } = options;
    this.#options = options;
    this.#file = new ReportFile(path);
    this.#warn = once(say);
    this.#judge = new SyncJudge(syncMs);
    this.#askedMs = performance.now();
    this.#publisher = new Publisher({
      sink: connection,
      window: WINDOW_MESSAGES,
      onAcked: (message) => this.#progress.acked(message),
      say,
    });
  }

  /** The writer has ended: the file is complete. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#judge = new SyncJudge(Math.min(LAST_SYNC_MS, this.#options.syncMs ?? SYNC_MS));
    this.#waker.wake();
  }

  /** Runs until everything has arrived after {@link ReportStream.end}; rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#skipWhatArrived(signal);
    while (!this.#isConfirmed) {
      signal.throwIfAborted();
      if (this.#lost !== undefined) await this.#rewind(this.#lost, signal);
      // Asked before reading: only then is the end of the file the end of the report.
      const isEnding = this.#isEnding;
      const isAtEnd = !(await this.#readOn(signal));
      const isDue = performance.now() - this.#sentMs >= GATHER_MS;
      if (isDue || (isEnding && isAtEnd)) await this.#send(this.#builder.take(), signal);
      if (isEnding && isAtEnd) {
        await this.#publisher.drained(signal);
        if (this.#file.hasPartialLine) this.#warn('the last line of the report has no end');
      }
      const isAllAcked = isEnding && isAtEnd && this.#lost === undefined;
      if (isAllAcked && this.#progress.isEmpty) this.#isConfirmed = true;
      else this.#askWhenDue(isAllAcked);
      if (isAtEnd && !this.#isConfirmed) await this.#waker.sleep(LOOK_MS, signal);
    }
  }

  /** What is still to be delivered, in words; undefined = nothing. */
  get pending(): string | undefined {
    if (this.#isConfirmed) return undefined;
    const bytes = Math.max(0, this.#file.ahead());
    const { unacked } = this.#publisher;
    if (bytes > 0 || unacked > 0 || !this.#builder.isEmpty) {
      const where = this.#options.connection.isConnected ? 'NATS is slow' : 'NATS is away';
      return `${bytes} bytes of the report unsent, ${unacked} messages without an ack (${where})`;
    }
    return 'the controller has not confirmed the report';
  }

  /** After a restart of this process most of the file may have arrived already. */
  async #skipWhatArrived(signal: AbortSignal): Promise<void> {
    if (this.#file.ahead() <= MAX_MESSAGE_BYTES) return;
    const within = AbortSignal.any([signal, AbortSignal.timeout(SKIP_WAIT_MS)]);
    const { connection } = this.#options;
    const answer = await connection.ask({ kind: 'sync' }, within).catch(() => undefined);
    if (answer?.kind !== 'sync') return;
    this.#skipTo = answer.contiguousTo;
    this.#progress.arrivedBefore(answer.contiguousTo);
  }

  /** Reads the next piece of the file; false at its end. */
  async #readOn(signal: AbortSignal): Promise<boolean> {
    if (this.#file.ahead() < 0) {
      this.#warn('the report file was cut off or replaced: reading it from its start');
      this.#progress.forget();
      this.#skipTo = -1;
      this.#file.seek(0);
    }
    let lines: ReportFileLine[] | undefined;
    try {
      lines = await this.#file.read();
    } catch (error) {
      this.#warn(`the report cannot be read: ${messageOf(error)}`);
    }
    if (lines === undefined) return false;
    for (const line of lines) await this.#take(line, signal);
    return true;
  }

  async #take({ offset, text }: ReportFileLine, signal: AbortSignal): Promise<void> {
    const parsed = parseReportLine(text);
    if (!parsed.ok) {
      this.#broken += 1;
      if (this.#broken === 1)
        this.#options.say(`a line of the report is skipped: ${parsed.message}`);
      return;
    }
    await this.#send(this.#messagesOf(offset, parsed.line), signal);
  }

  #messagesOf(offset: number, line: ReportLine): ReportMessage[] {
    if (line.kind === 'points') {
      this.#progress.readPoints(offset, line.points);
      return this.#builder.add(line.points, this.#skipTo);
    }
    this.#progress.readState(offset, line);
    return [...this.#builder.take(), stateMessage(line)];
  }

  async #send(messages: readonly ReportMessage[], signal: AbortSignal): Promise<void> {
    for (const message of messages) {
      await this.#publisher.send(message, signal);
      this.#sentMs = performance.now();
    }
  }

  async #rewind(lost: Arrived, signal: AbortSignal): Promise<void> {
    await this.#publisher.drained(signal);
    this.#builder.take();
    this.#lost = undefined;
    this.#skipTo = lost.contiguousTo;
    this.#file.seek(this.#progress.rewind(lost));
    this.#options.say(`points after ${lost.contiguousTo} did not arrive: sending them again`);
  }

  #askWhenDue(isAllAcked: boolean): void {
    const { syncMs = SYNC_MS } = this.#options;
    const everyMs = isAllAcked ? Math.min(syncMs, LOOK_MS) : syncMs;
    const nowMs = performance.now();
    if (this.#isAsking || this.#lost !== undefined || nowMs - this.#askedMs < everyMs) return;
    this.#isAsking = true;
    this.#askedMs = nowMs;
    void this.#ask(isAllAcked).finally(() => {
      this.#isAsking = false;
      this.#waker.wake();
    });
  }

  async #ask(isAllAcked: boolean): Promise<void> {
    const { connection } = this.#options;
    if (!connection.isConnected) return;
    const delivered = this.#progress.delivered;
    const answer = await connection.askOnce({ kind: 'sync' });
    if (answer === undefined) return;
    if (answer.kind === 'refused') {
      this.#warn(`the controller does not tell what has arrived: ${answer.message}`);
      // Nobody will ever confirm it; what the stream has acked is all that can be had.
      if (isAllAcked) this.#isConfirmed = true;
      return;
    }
    const verdict = this.#judge.judge(answer, delivered, performance.now());
    if (verdict === 'lost') this.#lost = answer;
    if (verdict === 'whole' && isAllAcked) this.#isConfirmed = true;
  }
}
