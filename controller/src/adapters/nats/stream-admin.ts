import { isDeepStrictEqual } from 'node:util';
import { REPORT_ROOT } from '@espalier/api';
import {
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from 'nats';
import { MAX_MESSAGE_BYTES, STREAM } from './permissions.ts';

/** How much the stream keeps; whatever comes first makes room by dropping the oldest. */
export interface StreamLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Of one attempt's points, and of its state. */
  readonly maxMessagesPerSubject: number;
}

export const STREAM_LIMITS: StreamLimits = {
  // The server reserves it: one with less room refuses the stream.
  maxBytes: 4 * 2 ** 30,
  maxAgeMs: 7 * 24 * 3600 * 1000,
  maxMessagesPerSubject: 1_000_000,
};

/** What the server says about the stream. */
export interface StreamState {
  /** Another time means another stream of the same name. */
  readonly createdMs: number;
  readonly messages: number;
  /** Sequence of the newest message that was ever stored; it never falls in a stream that is whole. */
  readonly lastSeq: number;
  /** When the oldest and the newest message were stored that are there; absent = there is none. */
  readonly oldestMs?: number;
  readonly newestMs?: number;
}

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;

/**
 * Resolves with the stream, made or changed where it has to be.
 *
 * To make one that exists with the same settings would be harmless, but a server checks first that it has
 * room for all of it once more (2.15), and one with less than twice the size refuses.
 */
export async function ensureStream(
  { streams }: JetStreamManager,
  limits: StreamLimits,
): Promise<StreamState> {
  const config = {
    subjects: [`${REPORT_ROOT}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(limits.maxAgeMs),
    max_bytes: limits.maxBytes,
    max_msgs_per_subject: limits.maxMessagesPerSubject,
    max_msg_size: MAX_MESSAGE_BYTES,
    duplicate_window: nanos(2 * 60 * 1000),
  };
  const there = await infoOf(streams);
  if (there !== undefined && isDeepStrictEqual({ ...there.config, ...config }, there.config)) {
    return stateOf(there);
  }
  try {
    if (there === undefined) return stateOf(await streams.add({ name: STREAM, ...config }));
  } catch (error) {
    if (apiCode(error) !== STREAM_NAME_IN_USE) throw natsError('make the stream', error);
  }
  try {
    return stateOf(await streams.update(STREAM, config));
  } catch (error) {
    throw natsError('change the stream', error);
  }
}

export async function streamState({ streams }: JetStreamManager): Promise<StreamState | undefined> {
  const there = await infoOf(streams);
  return there === undefined ? undefined : stateOf(there);
}

async function infoOf(streams: JetStreamManager['streams']): Promise<StreamInfo | undefined> {
  try {
    return await streams.info(STREAM);
  } catch (error) {
    if (apiCode(error) === STREAM_NOT_FOUND) return undefined;
    throw natsError('look at the stream', error);
  }
}

export async function purgeSubject(
  { streams }: JetStreamManager,
  subject: string,
): Promise<number> {
  try {
    return (await streams.purge(STREAM, { filter: subject })).purged;
  } catch (error) {
    throw natsError(`purge ${subject}`, error);
  }
}

/** A failure with what was tried. */
export function natsError(what: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`NATS: cannot ${what}: ${why}`, { cause });
}

function stateOf({ created, state }: StreamInfo): StreamState {
  return {
    createdMs: Date.parse(created),
    messages: state.messages,
    lastSeq: state.last_seq,
    ...(state.messages === 0
      ? {}
      : { oldestMs: Date.parse(state.first_ts), newestMs: Date.parse(state.last_ts) }),
  };
}

function apiCode(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}
