import type { RawList, RawObject, RawWatchEvent } from './raw-object.ts';
import { compareVersions } from './raw-object.ts';

/**
 * What a watcher of one kind does next, without doing it; after kube-rs' watcher.
 *
 * ```
 *            pages                opened, events, bookmarks
 *   list ───────────▶ watch ◀──────────────┐
 *    ▲  ▲               │ closed, cut, idle │
 *    │  └── 410, relist─┤                   │
 *    └──── backoff ◀────┴── backoff ────────┘
 * ```
 *
 * Guarantees: the cache is replaced by whole lists only; a watch goes on where the last event or
 * bookmark left off; what fails is tried again after a growing delay, for ever; no input is lost,
 * since every state answers every input (the ones that come late are ignored).
 */
export type WatchState =
  | {
      readonly kind: 'listing';
      readonly token: string | undefined;
      readonly pages: readonly (readonly RawObject[])[];
      /** Lists without pages: tokens have expired between two pages. */
      readonly whole: boolean;
    }
  | { readonly kind: 'watching' }
  | { readonly kind: 'waiting'; readonly next: 'list' | 'watch' };

/** The state with what outlives a single phase. */
export interface WatchMemory {
  readonly state: WatchState;
  /** Up to where the cache is complete; '' = nothing yet. */
  readonly resourceVersion: string;
  /** Failures in a row; a success of the same kind sets it back. */
  readonly failures: number;
  /** Lists in a row that were older than what we have seen. */
  readonly regressions: number;
}

export type WatchInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'page'; readonly list: RawList }
  | { readonly kind: 'event'; readonly event: RawWatchEvent }
  /** The watch ended by itself; how long it had been open, and whether it said anything. */
  | { readonly kind: 'closed'; readonly openMs: number; readonly wasHeard: boolean }
  | {
      readonly kind: 'failed';
      readonly cause: 'gone' | 'other';
      /** How long the watch that failed had been open. */
      readonly openMs?: number;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly kind: 'slept' }
  /** Somebody wants certainty: list again. */
  | { readonly kind: 'refresh' };

export type WatchEffect =
  | { readonly kind: 'fetch'; readonly token: string | undefined; readonly limit: number }
  | { readonly kind: 'open'; readonly resourceVersion: string }
  | { readonly kind: 'close' }
  | { readonly kind: 'sleep'; readonly ms: number }
  /** Replace the cache by these objects. */
  | {
      readonly kind: 'swap';
      readonly objects: readonly RawObject[];
      readonly resourceVersion: string;
      /** The server lost history (a restored backup): what we remember to be newer is void. */
      readonly isReset: boolean;
    }
  | { readonly kind: 'apply'; readonly object: RawObject; readonly isGone: boolean }
  /** Everything up to here has been seen. */
  | { readonly kind: 'advance'; readonly resourceVersion: string };

export interface Step {
  readonly memory: WatchMemory;
  readonly effects: readonly WatchEffect[];
}

export const PAGE_SIZE = 500;
const BACKOFF_MIN_MS = 800;
const BACKOFF_MAX_MS = 30_000;
/** A watch that lives shorter than this without a word counts as a failure. */
const SHORT_WATCH_MS = 5_000;
/** So many lists may be older than our memory before we believe the server and not ourselves. */
const MAX_REGRESSIONS = 5;

export const INITIAL: WatchMemory = {
  state: { kind: 'waiting', next: 'list' },
  resourceVersion: '',
  failures: 0,
  regressions: 0,
};

/** @param random From 0 to 1: spreads the delays of many watchers. */
export function step(memory: WatchMemory, input: WatchInput, random: number): Step {
  switch (input.kind) {
    case 'start':
      return list(memory, false);
    case 'refresh':
      return memory.state.kind === 'watching'
        ? withClose(list(memory, false))
        : list(memory, false);
    case 'slept':
      if (memory.state.kind !== 'waiting') return ignore(memory);
      return memory.state.next === 'list' ? list(memory, false) : watch(memory, []);
    case 'page':
      return memory.state.kind === 'listing'
        ? onPage(memory, memory.state, input.list, random)
        : ignore(memory);
    case 'event':
      return memory.state.kind === 'watching'
        ? onEvent(memory, input.event, random)
        : ignore(memory);
    case 'closed':
      if (memory.state.kind !== 'watching') return ignore(memory);
      if (input.wasHeard || input.openMs >= SHORT_WATCH_MS) {
        return watch({ ...memory, failures: 0 }, []);
      }
      return wait(memory, 'watch', random);
    case 'failed':
      return onFailure(memory, input, random);
  }
}

function onPage(
  memory: WatchMemory,
  state: Extract<WatchState, { kind: 'listing' }>,
  page: RawList,
  random: number,
): Step {
  const pages = [...state.pages, page.items];
  const token = page.metadata.continue;
  if (token !== undefined && token !== '') {
    return {
      memory: { ...memory, state: { ...state, token, pages } },
      effects: [{ kind: 'fetch', token, limit: PAGE_SIZE }],
    };
  }
  const { resourceVersion } = page.metadata;
  const isOlder = compareVersions(resourceVersion, memory.resourceVersion) < 0;
  if (isOlder && memory.regressions + 1 < MAX_REGRESSIONS) {
    // An API server that lags behind the one we asked before: its list would undo what we know.
    return wait({ ...memory, regressions: memory.regressions + 1 }, 'list', random);
  }
  // The failures stay: a list that succeeds before a watch that never does is no success.
  const next = { ...memory, resourceVersion, regressions: 0 };
  return watch(next, [{ kind: 'swap', objects: pages.flat(), resourceVersion, isReset: isOlder }]);
}

function onEvent(memory: WatchMemory, event: RawWatchEvent, random: number): Step {
  if (event.type === 'ERROR') {
    const isGone = event.object['code'] === 410;
    return withClose(
      onFailure(memory, { kind: 'failed', cause: isGone ? 'gone' : 'other' }, random),
    );
  }
  const version = event.object.metadata.resourceVersion;
  // A repeated old event must not make the next watch begin further back.
  const isOld = compareVersions(version, memory.resourceVersion) < 0;
  const resourceVersion = isOld ? memory.resourceVersion : version;
  const seen: WatchEffect = { kind: 'advance', resourceVersion };
  const next = { ...memory, resourceVersion, failures: 0 };
  if (event.type === 'BOOKMARK') return { memory: next, effects: [seen] };
  const isGone = event.type === 'DELETED';
  return { memory: next, effects: [{ kind: 'apply', object: event.object, isGone }, seen] };
}

function onFailure(
  memory: WatchMemory,
  input: Extract<WatchInput, { kind: 'failed' }>,
  random: number,
): Step {
  switch (memory.state.kind) {
    case 'waiting':
      return ignore(memory);
    case 'listing': {
      const isExpired = input.cause === 'gone' && memory.state.token !== undefined;
      // The first expired token starts over at once and in one piece, as client-go does.
      if (isExpired) return list(memory, true);
      return wait(memory, 'list', random, input.retryAfterMs);
    }
    case 'watching': {
      const isLong = (input.openMs ?? 0) >= SHORT_WATCH_MS;
      const now = isLong ? { ...memory, failures: 0 } : memory;
      if (input.cause !== 'gone') return wait(now, 'watch', random, input.retryAfterMs);
      // Once at once; a server that keeps saying so is given time.
      return now.failures === 0 ? list({ ...now, failures: 1 }, false) : wait(now, 'list', random);
    }
  }
}

function list(memory: WatchMemory, whole: boolean): Step {
  return {
    memory: { ...memory, state: { kind: 'listing', token: undefined, pages: [], whole } },
    effects: [{ kind: 'fetch', token: undefined, limit: whole ? 0 : PAGE_SIZE }],
  };
}

function watch(memory: WatchMemory, before: readonly WatchEffect[]): Step {
  const { resourceVersion } = memory;
  return {
    memory: { ...memory, state: { kind: 'watching' } },
    effects: [...before, { kind: 'open', resourceVersion }],
  };
}

function wait(
  memory: WatchMemory,
  next: 'list' | 'watch',
  random: number,
  atLeastMs: number = 0,
): Step {
  const ms = Math.max(backoffMs(memory.failures, random), atLeastMs);
  return {
    memory: { ...memory, state: { kind: 'waiting', next }, failures: memory.failures + 1 },
    effects: [{ kind: 'sleep', ms }],
  };
}

/** 0.8 s, doubling to 30 s, each between a half and the whole. */
function backoffMs(failures: number, random: number): number {
  const whole = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures, 10));
  return Math.round(whole * (0.5 + random / 2));
}

function withClose(result: Step): Step {
  return { memory: result.memory, effects: [{ kind: 'close' }, ...result.effects] };
}

function ignore(memory: WatchMemory): Step {
  return { memory, effects: [] };
}
