import type { ReadingStart } from './bus-reading.ts';
import type { StreamState } from './stream-admin.ts';

/** The last message that was read. */
export interface Cursor {
  readonly seq: number;
  readonly timeNanos: number;
}

/** What the server lost of what we had read; whoever takes over from us could not read it again. */
export type StreamLoss =
  /** There is none, or another one of the same name. */
  | 'recreated'
  /** It is older than what we have read of it: restored from a copy, or its disk lost the end. */
  | 'regressed'
  /** Messages are gone that we did not purge: by somebody, or because a limit was reached. */
  | 'removed';

/** What happened to the stream since an earlier look at it, as far as its state tells. */
export function lossSince(
  before: StreamState | undefined,
  cursor: Cursor | undefined,
  now: StreamState,
): StreamLoss | undefined {
  if (before !== undefined && before.createdMs !== now.createdMs) return 'recreated';
  return now.lastSeq < Math.max(cursor?.seq ?? 0, before?.lastSeq ?? 0) ? 'regressed' : undefined;
}

/**
 * Where to go on. Reading goes on *at* the last message, not after it: only if that very message
 * comes again is it sure that nothing has happened in between.
 */
export function startAt(cursor: Cursor | undefined, replayFromMs: number): ReadingStart {
  return cursor === undefined
    ? { from: 'time', ms: replayFromMs }
    : { from: 'seq', seq: cursor.seq };
}

export type Overlap =
  | 'same'
  /** The number was given out again: the stream regressed and grew past the cursor. */
  | 'regressed'
  /** The message was purged since, so nothing is known. */
  | 'unknown';

/** What the first message of a reading that began at the cursor proves. */
export function compareOverlap(
  cursor: Cursor,
  first: { readonly seq: number; readonly timeNanos: number },
): Overlap {
  if (first.seq !== cursor.seq) return 'unknown';
  return first.timeNanos === cursor.timeNanos ? 'same' : 'regressed';
}

/**
 * How many messages left the stream between two looks without our doing.
 *
 * @param purged How many we purged ourselves in between.
 */
export function removedBetween(before: StreamState, now: StreamState, purged: number): number {
  if (before.createdMs !== now.createdMs || now.lastSeq < before.lastSeq) return 0;
  return Math.max(0, before.messages + (now.lastSeq - before.lastSeq) - now.messages - purged);
}

/** Clocks of the controller and NATS may differ by this much. */
const CLOCK_MARGIN_MS = 5 * 60 * 1000;

/** Whether age explains that messages left the stream since an earlier look, as they are meant to. */
export function mayHaveAged(
  before: StreamState,
  now: StreamState,
  maxAgeMs: number,
  nowMs: number,
): boolean {
  // If none is left, the newest must have been due too.
  const due = now.messages === 0 ? before.newestMs : before.oldestMs;
  return due !== undefined && due + maxAgeMs <= nowMs + CLOCK_MARGIN_MS;
}
