import type { ReportChannel } from '@espalier/api';
import { UndeliverableError } from './connection.ts';
import type { ReportMessage } from './message-builder.ts';
import { Backoff } from './pause.ts';
import { messageOf, type Say } from './say.ts';

/** Stores one message, or fails; the same id twice within two minutes is stored once. */
export interface MessageSink {
  publish(channel: ReportChannel, data: string, id: string): Promise<void>;
}

interface InFlight {
  readonly message: ReportMessage;
  isDone: boolean;
}

export interface PublisherOptions {
  readonly sink: MessageSink;
  /** Messages that may wait for their ack at once. */
  readonly window: number;
  /** Called in the order of sending, once every message before it was acked too. */
  readonly onAcked: (message: ReportMessage) => void;
  readonly say: Say;
}

/**
 * Sends messages until they are acked, a few at once. An unanswered one goes out again with the same
 * content under the same id, so the stream stores it once.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  /** Ids of another process of this attempt must differ: its messages held other lines. */
  readonly #nonce = crypto.randomUUID().slice(0, 8);
  readonly #inFlight: InFlight[] = [];
  #sent = 0;
  #room = Promise.withResolvers<void>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get unacked(): number {
    return this.#inFlight.length;
  }

  /** Resolves when the message is under way, after waiting for room in the window. */
  async send(message: ReportMessage, signal: AbortSignal): Promise<void> {
    await this.#whenBelow(this.#options.window, signal);
    const entry: InFlight = { message, isDone: false };
    this.#inFlight.push(entry);
    this.#sent += 1;
    // Ends with an abort only, and then nobody counts on it any more.
    this.#deliver(entry, `${this.#nonce}.${this.#sent}`, signal).catch(() => {});
  }

  /** Resolves when every message is acked. */
  async drained(signal: AbortSignal): Promise<void> {
    await this.#whenBelow(1, signal);
  }

  async #deliver(entry: InFlight, id: string, signal: AbortSignal): Promise<void> {
    const { sink, say } = this.#options;
    const { channel, data } = entry.message;
    const backoff = new Backoff(250, 5_000);
    for (;;) {
      signal.throwIfAborted();
      try {
        await sink.publish(channel, data, id);
        break;
      } catch (error) {
        if (error instanceof UndeliverableError) {
          say(`a message of ${data.length} characters was dropped: ${messageOf(error)}`);
          break;
        }
        await backoff.pause(signal);
      }
    }
    entry.isDone = true;
    this.#advance();
  }

  #advance(): void {
    for (let head = this.#inFlight[0]; head?.isDone === true; head = this.#inFlight[0]) {
      this.#inFlight.shift();
      this.#options.onAcked(head.message);
    }
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  async #whenBelow(count: number, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    try {
      while (this.#inFlight.length >= count) {
        await Promise.race([this.#room.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}
