import { type Experiment, experimentSchema, LABEL, type Trial, trialSchema } from '@espalier/api';
import type { Call } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { ApiError, isGone, isRetryable, isUnauthorized } from './api-error.ts';
import { parsed, type Schema } from './parsed.ts';
import type { RawObject } from './raw-object.ts';
import { EXPERIMENTS, type Resource, TRIALS } from './resources.ts';
import { Store } from './store.ts';
import type { Transport } from './transport.ts';
import { failureOf } from './user-failure.ts';
import { Watcher, type WatcherOptions, type WatchSink } from './watcher.ts';

/** What a watch tells. */
export type WatchNews<T> =
  | { readonly kind: 'picture'; readonly picture: T }
  /** The last picture is all that is known; the server is asked again and again. */
  | { readonly kind: 'away'; readonly why: EspalierError }
  | { readonly kind: 'back' };

export interface ExperimentPicture {
  /** Undefined once there is none of that name. */
  readonly experiment: Experiment | undefined;
  /** By ascending index. */
  readonly trials: readonly Trial[];
}

export interface WatchPlace {
  readonly transport: Transport;
  readonly clock: Clock;
  /** For messages. */
  readonly server: string;
}

/** Eyes see no more; a burst of changes is one picture. */
const INTERVAL_MS = 150;
/** A stream that is cut and goes on within this time is nobody's concern. */
const PATIENCE_MS = 2000;

/** The objects of one kind that are watched, and how that goes. */
interface Stream {
  readonly resource: Resource;
  /** Of what; for messages. */
  readonly key: ObjectKey;
  readonly select: Pick<WatcherOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  readonly sink: WatchSink;
  isFilled: boolean;
  failure: { readonly why: EspalierError; readonly sinceMs: number } | undefined;
  isUnauthorized: boolean;
}

/** Objects of a cluster as a person follows them: what changes is told at once, at most every 150 ms. */
export class UserWatch<T> {
  readonly #place: WatchPlace;
  readonly #streams: Stream[] = [];
  #picture: () => T = () => {
    throw new Error('nothing is watched');
  };
  #isChanged = false;
  #isAway = false;
  #fatal: EspalierError | undefined;
  #wake = Promise.withResolvers<void>();

  private constructor(place: WatchPlace) {
    this.#place = place;
  }

  static ofExperiment(
    place: WatchPlace,
    { namespace, name, uid }: ObjectKey & { readonly uid: string },
  ): UserWatch<ExperimentPicture> {
    const watch = new UserWatch<ExperimentPicture>(place);
    const key = { namespace, name };
    const ofOne = { namespace, fieldSelector: `metadata.name=${name}` };
    const experiments = watch.#add(EXPERIMENTS, experimentSchema, { ...key, select: ofOne });
    const trials = watch.#add(TRIALS, trialSchema, {
      namespace,
      name: `the trials of ${name}`,
      select: { namespace, labelSelector: `${LABEL.experiment}=${name}` },
      order: (trial) => trial.spec.index,
    });
    watch.#picture = () => ({ experiment: experiments.get(key), trials: trials.childrenOf(uid) });
    return watch;
  }

  /** @param namespace Undefined = all. */
  static ofExperiments(
    place: WatchPlace,
    namespace: string | undefined,
  ): UserWatch<readonly Experiment[]> {
    const watch = new UserWatch<readonly Experiment[]>(place);
    const experiments = watch.#add(EXPERIMENTS, experimentSchema, {
      namespace: namespace ?? '*',
      name: 'the experiments',
      select: namespace === undefined ? {} : { namespace },
    });
    watch.#picture = () => experiments.all();
    return watch;
  }

  /**
   * Begins to watch and tells what happens, until nobody listens any more.
   *
   * @throws {EspalierError} what does not pass by itself.
   */
  async *news(call: Call): AsyncGenerator<WatchNews<T>> {
    const { clock } = this.#place;
    const end = new AbortController();
    const signal = AbortSignal.any([call.signal, end.signal]);
    signal.addEventListener('abort', () => this.#wake.resolve(), { once: true });
    for (const stream of this.#streams) this.#watcherOf(stream).start(signal);
    try {
      for (;;) {
        this.#wake = Promise.withResolvers();
        call.signal.throwIfAborted();
        if (this.#fatal !== undefined) throw this.#fatal;
        const told = this.#turned();
        if (told !== undefined) yield told;
        else if (this.#isChanged && this.#streams.every(({ isFilled }) => isFilled)) {
          this.#isChanged = false;
          yield { kind: 'picture', picture: this.#picture() };
          await clock.sleep(INTERVAL_MS, { signal });
        } else await this.#awoken(signal);
      }
    } finally {
      end.abort();
    }
  }

  /** Whether the server went away, or came back, since it was told last. */
  #turned(): WatchNews<T> | undefined {
    const failure = this.#firstFailure();
    if (failure === undefined) {
      if (!this.#isAway) return undefined;
      this.#isAway = false;
      return { kind: 'back' };
    }
    if (this.#isAway || this.#untilTold(failure.sinceMs) > 0) return undefined;
    this.#isAway = true;
    return { kind: 'away', why: failure.why };
  }

  #firstFailure(): Stream['failure'] {
    return this.#streams
      .flatMap(({ failure }) => failure ?? [])
      .toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
  }

  #untilTold(sinceMs: number): number {
    return sinceMs + PATIENCE_MS - this.#place.clock.monotonic();
  }

  /** Resolves when something was heard, or when it is time to tell of a failure. */
  async #awoken(signal: AbortSignal): Promise<void> {
    const failure = this.#isAway ? undefined : this.#firstFailure();
    if (failure === undefined) return this.#wake.promise;
    const done = new AbortController();
    const ms = Math.max(0, this.#untilTold(failure.sinceMs));
    const pause = this.#place.clock.sleep(ms, { signal: AbortSignal.any([signal, done.signal]) });
    // Its end by the signal is seen above.
    await Promise.race([this.#wake.promise, pause.catch(() => {})]);
    done.abort();
  }

  #add<O>(
    resource: Resource,
    schema: Schema<O>,
    options: ObjectKey & {
      readonly select: Stream['select'];
      readonly order?: (value: O) => number;
    },
  ): Store<O> {
    const { namespace, name, select, order = () => 0 } = options;
    const narrow = (raw: RawObject): O | undefined => {
      try {
        return parsed(schema, resource, raw);
      } catch (error) {
        if (!(error instanceof EspalierError)) throw error;
        this.#fatal ??= error;
        return undefined;
      }
    };
    const store = new Store<O>({ narrow, order, onChange: () => {} });
    const inner = store.sink(select.namespace);
    const stream: Stream = {
      resource,
      key: { namespace, name },
      select,
      sink: {
        swap: (...list) => {
          inner.swap(...list);
          stream.isFilled = true;
          this.#changed();
        },
        apply: (...event) => {
          inner.apply(...event);
          this.#changed();
        },
        advance: () => {},
      },
      isFilled: false,
      failure: undefined,
      isUnauthorized: false,
    };
    this.#streams.push(stream);
    return store;
  }

  #changed(): void {
    this.#isChanged = true;
    this.#wake.resolve();
  }

  #watcherOf(stream: Stream): Watcher {
    const { transport, clock } = this.#place;
    const { resource, select, sink } = stream;
    return new Watcher({
      ...{ transport, clock, resource, sink, ...select },
      log: SILENT,
      random: Math.random,
      onOpened: () => {
        stream.failure = undefined;
        stream.isUnauthorized = false;
        this.#wake.resolve();
      },
      onFailed: (error, doing) => this.#failed(stream, error, doing),
    });
  }

  #failed(stream: Stream, error: unknown, doing: 'list' | 'watch'): void {
    // The history is no longer kept: it is listed again, and that is no trouble.
    if (isGone(error)) return;
    const { resource, key } = stream;
    const why = failureOf(doing, resource, key, this.#place.server, error);
    // A token may have expired: the next request reads a new one.
    const isOld = isUnauthorized(error) && !stream.isUnauthorized;
    stream.isUnauthorized ||= isUnauthorized(error);
    if (error instanceof ApiError && !isRetryable(error) && !isOld) this.#fatal ??= why;
    else stream.failure ??= { why, sinceMs: this.#place.clock.monotonic() };
    this.#wake.resolve();
  }
}

/** People are told by what is yielded. */
const SILENT: Logger = { info() {}, warn() {}, error() {}, with: () => SILENT };
