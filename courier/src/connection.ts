import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AttemptAddress,
  attemptName,
  CREDENTIAL_FILE,
  inboxOf,
  type ReportChannel,
  reportSubject,
  requestSubject,
  type TrainerAnswer,
  type TrainerRequest,
  trainerAnswerSchema,
} from '@espalier/api';
import { connect, credsAuthenticator, Events, type NatsConnection, NatsError } from 'nats';
import { Backoff, pause } from './pause.ts';
import { messageOf, once, type Say } from './say.ts';

export interface ConnectionOptions {
  /** `host:port`, without a scheme. */
  readonly servers: readonly string[];
  readonly address: AttemptAddress;
  /** Folder with the user's credentials and the CA; read again at every new connection. */
  readonly credentials: string;
  readonly say: Say;
}

export type RequestOf<K extends TrainerRequest['kind']> = Extract<
  TrainerRequest,
  { readonly kind: K }
>;

/** The answer that fits a request, or the refusal of it. */
export type AnswerTo<K extends TrainerRequest['kind']> = Extract<
  TrainerAnswer,
  { readonly kind: K | 'refused' }
>;

/** The server will never take this message. */
export class UndeliverableError extends Error {}

const CONNECT_TIMEOUT_MS = 5_000;
const ACK_TIMEOUT_MS = 5_000;
/** Of the first question: one that a leader took along when it died is answered by the next. */
const FIRST_TIMEOUT_MS = 3_000;
/** The controller may have to ask a store that is slow before it answers. */
const LONGEST_TIMEOUT_MS = 15_000;
/** Short, since a question costs little and a trial's end waits for the answer, as after a change of leader. */
const LONGEST_PAUSE_MS = 5_000;
/** What a server that is gone or frozen has to be noticed. */
const PING_INTERVAL_MS = 5_000;
const RECONNECT_MS = 1_000;
/** A connection that does not come back by itself is made anew, since what to trust may be another. */
const RENEW_MS = 30_000;
const MESSAGE_TOO_LONG = 10054;

/**
 * The attempt's connection to NATS, kept for ever: it comes back by itself, and while it is away every
 * call fails at once, so that nothing gathers in memory. The only code that knows the client library.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #warn: Say;
  #connection: NatsConnection | undefined;
  #isConnected = false;
  #connected = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#warn = once(options.say);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Begins to connect; returns at once, whether the server is there or not. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Does not wait for a connection that is just being tried. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error('the connection is closed'));
    if (this.#connection === undefined) return;
    await this.#connection.close();
    await this.#running;
  }

  /**
   * Sends one message and resolves once the stream has stored it; the same id twice within two minutes
   * is stored once.
   *
   * @throws {UndeliverableError} if sending it again is of no use; anything else may pass.
   */
  async publish(channel: ReportChannel, data: string, id: string): Promise<void> {
    const connection = this.#use();
    const { address } = this.#options;
    try {
      await connection.jetstream().publish(reportSubject(address, channel), data, {
        msgID: `${attemptName(address)}.${id}`,
        timeout: ACK_TIMEOUT_MS,
      });
    } catch (error) {
      if (isTooLong(error)) {
        throw new UndeliverableError('the server takes no message of that length', {
          cause: error,
        });
      }
      throw error;
    }
  }

  /** Asks the controller until it answers; rejects only with the signal's reason. */
  async ask<K extends TrainerRequest['kind']>(
    request: RequestOf<K>,
    signal: AbortSignal,
  ): Promise<AnswerTo<K>> {
    const backoff = new Backoff(500, LONGEST_PAUSE_MS);
    for (let timeoutMs = FIRST_TIMEOUT_MS; ; timeoutMs *= 2) {
      await this.#whenConnected(signal);
      const answer = await this.askOnce<K>(request, Math.min(timeoutMs, LONGEST_TIMEOUT_MS));
      if (answer !== undefined) return answer;
      await backoff.pause(signal);
    }
  }

  /** Asks once; undefined = no answer, or none that makes sense. */
  async askOnce<K extends TrainerRequest['kind']>(
    request: RequestOf<K>,
    timeout = FIRST_TIMEOUT_MS,
  ): Promise<AnswerTo<K> | undefined> {
    let answer: TrainerAnswer;
    try {
      const subject = requestSubject(this.#options.address);
      const message = await this.#use().request(subject, JSON.stringify(request), { timeout });
      answer = trainerAnswerSchema.parse(JSON.parse(message.string()));
    } catch {
      return undefined;
    }
    const fits = answer.kind === request.kind || answer.kind === 'refused';
    return fits ? (answer as AnswerTo<K>) : undefined;
  }

  #use(): NatsConnection {
    const connection = this.#connection;
    if (!this.#isConnected || connection === undefined) throw new Error('NATS is not connected');
    return connection;
  }

  async #whenConnected(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      while (!this.#isConnected) await Promise.race([this.#connected.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#keep(await this.#connect());
      } catch (error) {
        this.#warn(`NATS cannot be reached, trying on: ${messageOf(error)}`);
      }
      this.#setConnected(false);
      if (!signal.aborted) await pause(RECONNECT_MS * (0.5 + Math.random()), signal).catch(noop);
    }
  }

  #connect(): Promise<NatsConnection> {
    const { servers, address, credentials } = this.#options;
    return connect({
      servers: [...servers],
      name: attemptName(address),
      inboxPrefix: inboxOf(attemptName(address)),
      authenticator: credsAuthenticator(() =>
        readFileSync(join(credentials, CREDENTIAL_FILE.user)),
      ),
      tls: { ca: readFileSync(join(credentials, CREDENTIAL_FILE.ca), 'utf8') },
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
      reconnectTimeWait: RECONNECT_MS,
      maxReconnectAttempts: -1,
      // A key that is being rotated may be refused twice and still be right a moment later.
      ignoreAuthErrorAbort: true,
    });
  }

  /** Follows what becomes of a connection, until it is closed for good. */
  async #keep(connection: NatsConnection): Promise<void> {
    if (this.#stopping.signal.aborted) return connection.close();
    this.#connection = connection;
    this.#setConnected(true);
    let renewal: NodeJS.Timeout | undefined;
    void (async () => {
      for await (const { type, data } of connection.status()) {
        if (connection !== this.#connection) return;
        if (type === Events.Disconnect) {
          this.#setConnected(false);
          this.#warn('NATS has gone away, waiting for it to come back');
          clearTimeout(renewal);
          renewal = setTimeout(() => void connection.close(), RENEW_MS);
        } else if (type === Events.Reconnect) {
          clearTimeout(renewal);
          this.#setConnected(true);
        } else if (type === Events.Error) this.#warn(`NATS refused something: ${String(data)}`);
      }
    })().catch(noop);
    await connection.closed();
    clearTimeout(renewal);
    this.#connection = undefined;
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    if (isConnected) this.#connected.resolve();
    else this.#connected = Promise.withResolvers();
  }
}

function isTooLong(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  return error.code === 'MAX_PAYLOAD_EXCEEDED' || error.api_error?.err_code === MESSAGE_TOO_LONG;
}

function noop(): void {}
