import { setTimeout as sleep } from 'node:timers/promises';
import type { WatchNews } from '@espalier/controller/remote';
import { messageOf } from '../failure.ts';

/** What was seen, or what keeps us from seeing it. */
export type Look<T> =
  | { readonly kind: 'seen'; readonly seen: T }
  | { readonly kind: 'trouble'; readonly text: string }
  /** The last trouble is over. */
  | { readonly kind: 'settled'; readonly text: string };

export interface Polling<T> {
  readonly read: () => Promise<T>;
  /** Equal as long as nobody has written anything. */
  readonly versionOf: (seen: T) => string;
  /** How often to look while nothing changes, at most. */
  readonly slowestMs: number;
  /** Whether an error may be over the next time; the others end the looking. */
  readonly isPassing: (error: unknown) => boolean;
}

const FASTEST_MS = 500;
/** A server that takes long to answer is asked so much more seldom. */
const REST_PER_READ = 5;

/** Looks again and again: often while something changes, seldom while nothing does. */
export async function* polled<T>(
  { read, versionOf, slowestMs, isPassing }: Polling<T>,
  signal: AbortSignal,
): AsyncGenerator<Look<T>> {
  let pauseMs = FASTEST_MS;
  let version = '';
  let isAway = false;
  for (;;) {
    const begun = performance.now();
    try {
      const seen = await read();
      signal.throwIfAborted();
      if (isAway) yield { kind: 'settled', text: BACK };
      isAway = false;
      yield { kind: 'seen', seen };
      const next = versionOf(seen);
      pauseMs = next === version ? pauseMs * 1.5 : FASTEST_MS;
      version = next;
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      if (!isAway) yield away(error);
      isAway = true;
      pauseMs *= 2;
    }
    const rest = REST_PER_READ * (performance.now() - begun);
    pauseMs = Math.min(pauseMs, slowestMs);
    await sleep(Math.max(pauseMs, Math.min(rest, 10 * slowestMs)), undefined, { signal });
  }
}

/** What a server tells by itself; ends where it may not be asked for that. */
export async function* streamed<T>(
  news: AsyncIterable<WatchNews<T>>,
  isDenied: (error: unknown) => boolean,
): AsyncGenerator<Look<T>> {
  try {
    for await (const told of news) {
      if (told.kind === 'away') yield away(told.why);
      else if (told.kind === 'back') yield { kind: 'settled', text: BACK };
      else yield { kind: 'seen', seen: told.picture };
    }
  } catch (error) {
    if (!isDenied(error)) throw error;
    yield { kind: 'trouble', text: `${messageOf(error)}; looking every few seconds instead` };
  }
}

const BACK = 'it answers again';

function away(error: unknown): Look<never> {
  return { kind: 'trouble', text: `${messageOf(error)}; trying again` };
}
