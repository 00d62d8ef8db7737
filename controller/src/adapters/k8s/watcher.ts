// biome-ignore-all lint/style/noExcessiveLinesPerFile: one state machine: list, watch, and back
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { ApiError, isGone, retryAfterMsOf } from './api-error.ts';
import { LineSplitter } from './json-lines.ts';
import { isRawObject, type RawList, type RawObject, type RawWatchEvent } from './raw-object.ts';
import { collectionPath, type Resource } from './resources.ts';
import type { Transport } from './transport.ts';
import {
  INITIAL,
  step,
  type WatchEffect,
  type WatchInput,
  type WatchMemory,
} from './watch-state.ts';

/** Where what was seen goes; a throw is logged and stops nothing. */
export interface WatchSink {
  swap(objects: readonly RawObject[], resourceVersion: string, isReset: boolean): void;
  apply(object: RawObject, isGone: boolean): void;
  advance(resourceVersion: string): void;
}

export interface WatcherOptions {
  readonly transport: Transport;
  readonly resource: Resource;
  /** Absent = all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly sink: WatchSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** From 0 to 1. */
  readonly random: () => number;
  /** The server ends a watch after so long. Default 290 s, less up to a minute. */
  readonly serverTimeoutMs?: number;
  /** A watch that is silent for so long is cut; bookmarks come every minute. Default 90 s. */
  readonly idleMs?: number;
  /** A whole list so often, as insurance against a lost event. Default 30 min. */
  readonly relistMs?: number;
  /** Every list but the first, and every reopened watch. */
  readonly onRestart?: (resource: string, why: string) => void;
  /** The server has begun to send what happens. */
  readonly onOpened?: () => void;
  /** What was being done failed, and is tried again. */
  readonly onFailed?: (error: unknown, doing: 'list' | 'watch') => void;
}

/** Keeps a cache of one kind complete until its signal aborts: the I/O around {@link step}. */
export class Watcher {
  readonly #options: WatcherOptions;
  #memory: WatchMemory = INITIAL;
  /** The request, watch or sleep that is under way; a new one ends the one before. */
  #activity: AbortController = new AbortController();
  #signal: AbortSignal = AbortSignal.abort();
  #listedAt = 0;
  #swaps = 0;
  #waiting: { readonly fromSwap: number; readonly resolve: () => void }[] = [];

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  start(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#activity.abort(), { once: true });
    this.#dispatch({ kind: 'start' });
  }

  /** Resolves once the cache has been filled. */
  synced(): Promise<void> {
    return this.#afterSwap(0);
  }

  /** Lists again; resolves once the cache is as new as the call. */
  refresh(): Promise<void> {
    const done = this.#afterSwap(this.#swaps);
    this.#dispatch({ kind: 'refresh' });
    return done;
  }

  #afterSwap(fromSwap: number): Promise<void> {
    if (this.#swaps > fromSwap) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ fromSwap, resolve }));
  }

  #dispatch(input: WatchInput): void {
    if (this.#signal.aborted) return;
    const { memory, effects } = step(this.#memory, input, this.#options.random());
    this.#memory = memory;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: WatchEffect): void {
    const { sink } = this.#options;
    switch (effect.kind) {
      case 'fetch':
        this.#begin((signal) => this.#fetch(effect.token, effect.limit, signal));
        break;
      case 'open':
        this.#begin((signal) => this.#watch(effect.resourceVersion, signal));
        break;
      case 'sleep':
        this.#begin((signal) => this.#sleep(effect.ms, signal));
        break;
      case 'close':
        this.#activity.abort();
        break;
      case 'swap':
        this.#isolated(() => sink.swap(effect.objects, effect.resourceVersion, effect.isReset));
        this.#swapped();
        break;
      case 'apply':
        this.#isolated(() => sink.apply(effect.object, effect.isGone));
        break;
      case 'advance':
        this.#isolated(() => sink.advance(effect.resourceVersion));
        break;
    }
  }

  #swapped(): void {
    this.#swaps++;
    this.#listedAt = this.#options.clock.monotonic();
    const ready = this.#waiting.filter(({ fromSwap }) => this.#swaps > fromSwap);
    this.#waiting = this.#waiting.filter(({ fromSwap }) => this.#swaps <= fromSwap);
    for (const { resolve } of ready) resolve();
  }

  #begin(work: (signal: AbortSignal) => Promise<WatchInput>): void {
    this.#activity.abort();
    const activity = new AbortController();
    this.#activity = activity;
    void work(activity.signal)
      .catch((error: unknown): WatchInput => {
        if (!activity.signal.aborted) this.#failed(error, 'list');
        const cause = isGone(error) ? 'gone' : 'other';
        return { kind: 'failed', cause, retryAfterMs: retryAfterMsOf(error) };
      })
      .then((input) => {
        // An activity that was replaced has nothing to say any more.
        if (!activity.signal.aborted) this.#dispatch(input);
      });
  }

  async #fetch(token: string | undefined, limit: number, signal: AbortSignal): Promise<WatchInput> {
    const { transport, resource, namespace, labelSelector, fieldSelector } = this.#options;
    // Without a resourceVersion: a quorum read, which no lagging API server can answer from its past.
    const list = await transport.request<RawList>(
      {
        method: 'GET',
        path: collectionPath(resource, namespace),
        query: {
          limit: limit === 0 ? undefined : limit,
          continue: token,
          labelSelector,
          fieldSelector,
        },
        resource: resource.plural,
        timeoutMs: 60_000,
      },
      { signal },
    );
    return { kind: 'page', list: { ...list, items: list.items.filter(isRawObject) } };
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<WatchInput> {
    const { transport, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const { clock, random, onOpened } = this.#options;
    const timeoutMs = this.#options.serverTimeoutMs ?? 290_000 - random() * 60_000;
    const begun = clock.monotonic();
    let wasHeard = false;
    try {
      const response = await transport.stream(
        {
          method: 'GET',
          path: collectionPath(resource, namespace),
          query: {
            watch: true,
            allowWatchBookmarks: true,
            resourceVersion,
            labelSelector,
            fieldSelector,
            timeoutSeconds: Math.max(1, Math.round(timeoutMs / 1000)),
          },
          resource: resource.plural,
        },
        { signal },
      );
      onOpened?.();
      const idleMs = this.#options.idleMs ?? 90_000;
      const watchdog = setTimeout(
        () => response.destroy(new Error(`no word for ${idleMs} ms`)),
        idleMs,
      );
      try {
        const lines = new LineSplitter();
        for await (const chunk of response) {
          watchdog.refresh();
          for (const line of lines.push(chunk as Buffer)) {
            wasHeard = true;
            const event = parseEvent(line);
            if (event.type === 'ERROR') this.#failed(errorOf(event), 'watch');
            this.#dispatch({ kind: 'event', event });
            // An ERROR event, a refresh: the state has gone elsewhere.
            if (signal.aborted) return { kind: 'slept' };
          }
        }
        if (lines.restBytes > 0) throw new Error('the watch ended within a line');
      } finally {
        clearTimeout(watchdog);
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error, 'watch');
      const openMs = clock.monotonic() - begun;
      const cause = isGone(error) ? 'gone' : 'other';
      return { kind: 'failed', cause, openMs, retryAfterMs: retryAfterMsOf(error) };
    }
    const relistMs = this.#options.relistMs ?? 30 * 60_000;
    if (clock.monotonic() - this.#listedAt > relistMs) return { kind: 'refresh' };
    return { kind: 'closed', openMs: clock.monotonic() - begun, wasHeard };
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<WatchInput> {
    await this.#options.clock.sleep(ms, { signal });
    return { kind: 'slept' };
  }

  #failed(error: unknown, doing: 'list' | 'watch'): void {
    const { log, resource, onRestart, onFailed } = this.#options;
    const why = error instanceof Error ? error.message : String(error);
    log.warn('watch interrupted', { resource: resource.plural, error: why });
    onRestart?.(resource.plural, isGone(error) ? 'gone' : 'failed');
    onFailed?.(error, doing);
  }

  #isolated(work: () => void): void {
    try {
      work();
    } catch (error) {
      const { log, resource } = this.#options;
      log.error('handling a watch event failed', {
        resource: resource.plural,
        error: String(error),
      });
    }
  }
}

function errorOf({ object }: RawWatchEvent): ApiError {
  const {
    code = 0,
    reason = '',
    message = 'ERROR event',
  } = object as unknown as Partial<{
    code: number;
    reason: string;
    message: string;
  }>;
  return new ApiError('watch', { status: code, reason, message });
}

/** @throws {SyntaxError | TypeError} if the line is no event: the stream cannot be trusted any more. */
function parseEvent(line: string): RawWatchEvent {
  const event = JSON.parse(line) as Partial<RawWatchEvent> | null;
  const { type, object } = event ?? {};
  switch (type) {
    case 'ERROR':
      return { type, object: (object ?? {}) as RawObject };
    case 'BOOKMARK': {
      const version = (object as { metadata?: { resourceVersion?: unknown } } | undefined)?.metadata
        ?.resourceVersion;
      if (typeof version !== 'string') throw new TypeError('a bookmark without a resourceVersion');
      return { type, object: object as RawObject };
    }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (!isRawObject(object)) throw new TypeError(`a ${type} event without an object`);
      return { type, object };
    default:
      throw new TypeError(`unknown watch event ${String(type)}`);
  }
}
