import { inboxOf } from '@espalier/api';
import {
  AckPolicy,
  connect,
  credsAuthenticator,
  DeliverPolicy,
  Events,
  type Msg,
  type NatsConnection,
  type NatsError,
} from 'nats';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { openReading, type Reading, type ReadingOptions, watch } from './bus-reading.ts';
import { CONTROLLER_NAME } from './permissions.ts';
import {
  ensureStream,
  natsError,
  purgeSubject,
  type StreamLimits,
  type StreamState,
  streamState,
} from './stream-admin.ts';

export interface BusOptions {
  readonly servers: readonly string[];
  /** The credentials file's text; asked at every connect, so a rotated one is taken up. */
  readonly credentials: () => string;
  /** What to trust, PEM; asked at every connect. */
  readonly ca: () => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pause between two attempts to connect. @default 1_000 */
  readonly retryMs?: number;
}

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** A request: `reply` is chosen by whoever asks, so it is not to be trusted. */
export interface BusRequest extends BusMessage {
  readonly reply: string | undefined;
}

interface Subscription {
  readonly subject: string;
  readonly onRequest: (request: BusRequest) => void;
  /** Ends it on the connection of now. */
  stop: () => void;
}

const CALL_TIMEOUT_MS = 5_000;
/** What a server that is gone, frozen or overrun has to notice a dead connection. */
const PING_INTERVAL_MS = 5_000;

/**
 * The controller's connection to NATS, kept for ever: it comes back by itself, and while it is away
 * every call fails. With `bus-reading.ts` and `stream-admin.ts` the only code that knows the client
 * library.
 */
export class Bus {
  readonly #options: BusOptions;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #subscriptions = new Set<Subscription>();
  #connection: NatsConnection | undefined;
  #connected = false;
  #running: Promise<void> | undefined;

  constructor(options: BusOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  /** Calls back whenever {@link Bus.isConnected} has changed; returns what ends that. */
  onConnection(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to connect; returns at once, whether the server is there or not. */
  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error('the bus is closed'));
    await this.#connection?.close();
    await this.#running;
  }

  /** Makes the stream, or gives it these limits if it is there; nothing in it is lost by that. */
  async ensureStream(limits: StreamLimits): Promise<StreamState> {
    return ensureStream(await this.#manager(), limits);
  }

  /** Undefined = there is no such stream. */
  async streamState(): Promise<StreamState | undefined> {
    return streamState(await this.#manager());
  }

  /** Removes the messages of a subject (wildcards allowed) and tells how many they were. */
  async purge(subject: string): Promise<number> {
    return purgeSubject(await this.#manager(), subject);
  }

  /** Reads the stream in order from a point on; see {@link Reading}. */
  async read(options: ReadingOptions): Promise<Reading> {
    const connection = this.#use();
    try {
      return await openReading(
        connection,
        {
          name: `espalier-${crypto.randomUUID()}`,
          ack_policy: AckPolicy.None,
          ...(options.start.from === 'time'
            ? {
                deliver_policy: DeliverPolicy.StartTime,
                opt_start_time: new Date(Math.max(0, options.start.ms)).toISOString(),
              }
            : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: options.start.seq }),
        },
        options,
      );
    } catch (error) {
      throw natsError('read the stream', error);
    }
  }

  /** Receives requests, on this connection and on every later one; returns what ends that. */
  subscribe(subject: string, onRequest: (request: BusRequest) => void): () => void {
    const subscription: Subscription = { subject, onRequest, stop: () => {} };
    this.#subscriptions.add(subscription);
    this.#listen(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
      subscription.stop();
    };
  }

  /** Sends without waiting; what cannot be sent now is lost. */
  publish(subject: string, data: string): void {
    if (!this.#connected) return;
    try {
      this.#connection?.publish(subject, data);
    } catch {
      // Closed a moment ago, and nobody has told us yet.
    }
  }

  /** Resolves once there is a connection; rejects with the signal's reason. */
  async whenConnected(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => this.#connected && resolve();
    const stopLooking = this.onConnection(look);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    look();
    try {
      await promise;
    } finally {
      stopLooking();
      signal.removeEventListener('abort', abort);
    }
  }

  async #run(): Promise<void> {
    const { clock, log, retryMs = 1_000 } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#keep(await this.#connect());
      } catch (error) {
        if (!signal.aborted) log.warn('NATS cannot be reached', { error: String(error) });
      }
      this.#setConnected(false);
      if (!signal.aborted) await clock.sleep(retryMs, { signal }).catch(() => {});
    }
  }

  #connect(): Promise<NatsConnection> {
    const { servers, credentials, ca } = this.#options;
    return connect({
      servers: [...servers],
      name: CONTROLLER_NAME,
      inboxPrefix: inboxOf(CONTROLLER_NAME),
      authenticator: credsAuthenticator(() => Buffer.from(credentials())),
      tls: { ca: ca() },
      timeout: CALL_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
      // The library would come back with the certificates that it began with, which may be rotated (F28).
      reconnect: false,
    });
  }

  /** Follows what becomes of a connection, until it is closed for good. */
  async #keep(connection: NatsConnection): Promise<void> {
    if (this.#stopping.signal.aborted) return connection.close();
    const { log } = this.#options;
    this.#connection = connection;
    for (const subscription of this.#subscriptions) this.#listen(subscription);
    this.#setConnected(true);
    const events = watch(connection, (type, data) => {
      if (type === Events.Disconnect) this.#setConnected(false);
      else if (type === Events.Error) log.warn('NATS refused something', { error: String(data) });
    });
    await connection.closed();
    events.stop();
  }

  #listen(into: Subscription): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    const callback = (error: NatsError | null, { data, reply, subject }: Msg) => {
      if (error === null) into.onRequest({ subject, data, reply });
    };
    const subscription = connection.subscribe(into.subject, { callback });
    into.stop = () => {
      if (!connection.isClosed()) subscription.unsubscribe();
    };
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    for (const listener of [...this.#listeners]) listener();
  }

  #use(): NatsConnection {
    if (this.#connection === undefined || !this.#connected)
      throw new Error('NATS is not connected');
    return this.#connection;
  }

  #manager() {
    return this.#use().jetstreamManager({ checkAPI: false, timeout: CALL_TIMEOUT_MS });
  }
}
