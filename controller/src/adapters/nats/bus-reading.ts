import {
  type ConsumerConfig,
  ConsumerEvents,
  type ConsumerMessages,
  Events,
  type JsMsg,
  type NatsConnection,
  nanos,
} from 'nats';
import { STREAM } from './permissions.ts';

export type ReadingStart =
  | { readonly from: 'time'; readonly ms: number }
  | { readonly from: 'seq'; readonly seq: number };

/** A message of the stream. */
export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
  /** When the server stored it, by its clock; with `seq` it tells one message from another. */
  readonly timeNanos: number;
  /** How many are in the stream after it. */
  readonly pending: number;
}

export interface ReadingOptions {
  readonly start: ReadingStart;
  readonly onMessage: (message: StreamMessage) => void;
  /** Called once when nothing more will come, unless {@link Reading.stop} was first. */
  readonly onEnd: (why: string) => void;
}

/**
 * One pass over the stream: messages in order, each once, without acknowledgements, until something
 * breaks; then it ends and a new one must be opened.
 *
 * That is an ordered consumer, but of our own: the one of the client library comes back at the next
 * sequence number whatever the stream did in between, so it would wait in silence for the numbers
 * that a restored stream has yet to give out again; and it cannot be stopped while it tries to.
 */
export interface Reading {
  /** How many messages lay before it when it was opened. */
  readonly pending: number;
  stop(): void;
}

const WINDOW_MESSAGES = 2_000;
const PULL_EXPIRES_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** The server forgets a consumer that nobody pulls from. */
const INACTIVE_MS = 30_000;

export async function openReading(
  connection: NatsConnection,
  config: Partial<ConsumerConfig> & { readonly name: string },
  { onMessage, onEnd }: ReadingOptions,
): Promise<Reading> {
  const manager = await connection.jetstreamManager({ checkAPI: false });
  const info = await manager.consumers.add(STREAM, {
    ...config,
    mem_storage: true,
    num_replicas: 1,
    max_deliver: 1,
    inactive_threshold: nanos(INACTIVE_MS),
  });
  const consumer = await connection.jetstream().consumers.get(STREAM, config.name);
  let messages: ConsumerMessages | undefined;
  let delivered = 0;
  let isOver = false;
  const finish = (): boolean => {
    if (isOver) return false;
    isOver = true;
    messages?.stop();
    status.stop();
    // It would go by itself; this only makes room earlier.
    if (!connection.isClosed()) manager.consumers.delete(STREAM, config.name).catch(() => {});
    return true;
  };
  const end = (why: string): void => {
    if (finish()) onEnd(why);
  };
  const status = watch(connection, (type) => {
    // The consumer may survive, but only a new reading checks that the stream is still the same.
    if (type === Events.Disconnect) end('the connection broke');
  });
  const receive = (message: JsMsg): void => {
    if (isOver) return;
    const { deliverySequence, streamSequence, timestampNanos, pending } = message.info;
    delivered += 1;
    if (deliverySequence !== delivered) {
      end(`message ${delivered} of the consumer is missing`);
      return;
    }
    const { subject, data } = message;
    onMessage({ subject, data, seq: streamSequence, timeNanos: timestampNanos, pending });
  };
  messages = await consumer.consume({
    max_messages: WINDOW_MESSAGES,
    expires: PULL_EXPIRES_MS,
    idle_heartbeat: HEARTBEAT_MS,
    callback: receive,
  });
  void (async () => {
    for await (const { type } of await messages.status()) {
      if (ENDINGS.has(type)) end(type);
    }
  })();
  return { pending: info.num_pending, stop: () => void finish() };
}

const ENDINGS: ReadonlySet<string> = new Set([
  ConsumerEvents.HeartbeatsMissed,
  ConsumerEvents.ConsumerNotFound,
  ConsumerEvents.ConsumerDeleted,
  ConsumerEvents.StreamNotFound,
  ConsumerEvents.NoResponders,
]);

/** Calls back with every event of the connection until it is stopped; a close does not stop it. */
export function watch(
  connection: NatsConnection,
  onEvent: (type: string, data: unknown) => void,
): { stop(): void } {
  const events = connection.status() as ReturnType<NatsConnection['status']> & { stop(): void };
  let isStopped = false;
  void (async () => {
    for await (const { type, data } of events) if (!isStopped) onEvent(type, data);
  })();
  return {
    stop: () => {
      isStopped = true;
      events.stop();
    },
  };
}
