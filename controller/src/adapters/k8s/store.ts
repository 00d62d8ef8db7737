import { keyText, type ObjectKey, parseKey } from '../../ports/key.ts';
import { OwnerIndex } from './owner-index.ts';
import { compareVersions, controllerOf, isLastState, type RawObject } from './raw-object.ts';
import type { WatchSink } from './watcher.ts';

export interface StoreOptions<T> {
  /**
   * What is kept of an object; undefined = it is damaged and is treated as if it were not there
   * (whoever narrows says so to somebody).
   */
  readonly narrow: (raw: RawObject) => T | undefined;
  /** The place among the children of one owner. */
  readonly order: (value: T) => number;
  /** Whether a reader could tell two values apart; default: always. */
  readonly differs?: (before: T, after: T) => boolean;
  /** Called after the store shows the change. */
  readonly onChange: (key: ObjectKey, before: T | undefined, after: T | undefined) => void;
}

interface Entry<T> {
  readonly key: ObjectKey;
  readonly name: string;
  readonly uid: string;
  readonly ownerUid: string;
  readonly order: number;
  readonly resourceVersion: string;
  /** Came from an answer to our own request, which a list may not know yet. */
  readonly isAnswer: boolean;
  readonly value: T;
}

const MAX_TOMBSTONES = 20_000;

/**
 * The newest known state of every object of a kind, and what we kept of it.
 *
 * Read-your-writes: the answer to each of our own writes is put in at once, and whatever the watch
 * or a list tells that is older than it is not shown. An object that was seen to go comes back only
 * in a state that is younger than its going: an answer to a write may arrive after the news of the
 * deletion, and an object that lost the label that we select by is gone only for the watch.
 */
export class Store<T> {
  readonly #options: StoreOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #index = new OwnerIndex<Entry<T>>();
  readonly #values = new WeakMap<readonly Entry<T>[], readonly T[]>();
  /** When each uid went, as a resourceVersion; '' = for good. */
  readonly #tombstones = new Map<string, string>();
  readonly #doubts = new Set<string>();
  readonly #damaged = new Map<string, RawObject>();

  constructor(options: StoreOptions<T>) {
    this.#options = options;
  }

  get(key: ObjectKey): T | undefined {
    return this.#entries.get(keyText(key))?.value;
  }

  versionOf(key: ObjectKey): string | undefined {
    return this.#entries.get(keyText(key))?.resourceVersion;
  }

  all(): readonly T[] {
    return [...this.#entries.values()].map((entry) => entry.value);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Sorted; the same array until one of them changes. */
  childrenOf(ownerUid: string): readonly T[] {
    const entries = this.#index.childrenOf(ownerUid);
    let values = this.#values.get(entries);
    if (values === undefined) {
      values = Object.freeze(entries.map((entry) => entry.value));
      this.#values.set(entries, values);
    }
    return values;
  }

  /** The answer to a request of ours: at least as new as anything that we wrote before it. */
  put(raw: RawObject): T | undefined {
    const key = keyOf(raw);
    this.#doubts.delete(keyText(key));
    if (isLastState(raw.metadata)) {
      this.#remove(key, raw.metadata.uid, '');
      return this.#options.narrow(raw);
    }
    const known = this.#entries.get(keyText(key));
    if (known?.uid === raw.metadata.uid && isNewer(known, raw)) return known.value;
    if (this.isGone(raw)) return this.#options.narrow(raw);
    return this.#set(key, raw, true);
  }

  /** The API server says that there is no such object (any more). */
  drop(key: ObjectKey, uid: string): void {
    this.#doubts.delete(keyText(key));
    this.#remove(key, uid, '');
  }

  /** A write of ours may have been applied, but no answer came: the cache may be older than it. */
  doubt(key: ObjectKey): void {
    this.#doubts.add(keyText(key));
  }

  /** Whether the object was seen to go after this state of it, which is history then. */
  isGone({ metadata }: RawObject): boolean {
    const version = this.#tombstones.get(metadata.uid);
    if (version === undefined) return false;
    return version === '' || compareVersions(version, metadata.resourceVersion) > 0;
  }

  /** Whether there is an object of that name that `narrow` could not read. */
  isDamaged(key: ObjectKey): boolean {
    return this.#damaged.has(keyText(key));
  }

  /** What is there and could not be read. */
  damaged(): readonly RawObject[] {
    return [...this.#damaged.values()];
  }

  isDoubted(key: ObjectKey): boolean {
    return this.#doubts.has(keyText(key));
  }

  /** The side of a watcher; lists of one namespace leave the others alone. */
  sink(namespace: string | undefined): WatchSink {
    return {
      swap: (objects, version, isReset) => this.#swap(objects, version, isReset, namespace),
      apply: (object, isGone) => this.#apply(object, isGone),
      advance: () => {},
    };
  }

  #apply(raw: RawObject, isGone: boolean): void {
    const { uid } = raw.metadata;
    const key = keyOf(raw);
    if (isGone) {
      this.#remove(key, uid, raw.metadata.resourceVersion);
      return;
    }
    if (this.isGone(raw)) return;
    const known = this.#entries.get(keyText(key));
    if (known !== undefined && isNewer(known, raw)) return;
    this.#set(key, raw, false);
  }

  #swap(
    objects: readonly RawObject[],
    listVersion: string,
    isReset: boolean,
    namespace: string | undefined,
  ): void {
    if (isReset) this.#tombstones.clear();
    const listed = new Set<string>();
    for (const raw of objects) {
      const key = keyOf(raw);
      listed.add(keyText(key));
      if (!isReset) {
        this.#apply(raw, false);
        continue;
      }
      this.#set(key, raw, false);
      // A backup that was restored, or a server that lags: only a look at the object itself tells.
      this.doubt(key);
    }
    for (const [text, entry] of this.#entries) {
      if (listed.has(text) || (namespace !== undefined && entry.key.namespace !== namespace))
        continue;
      // We were told of it after the list was made.
      const isYounger = compareVersions(entry.resourceVersion, listVersion) > 0;
      if (entry.isAnswer && isYounger && !isReset) continue;
      this.#remove(entry.key, entry.uid, listVersion);
    }
    for (const text of this.#damaged.keys()) {
      const isOurs = namespace === undefined || parseKey(text).namespace === namespace;
      if (isOurs && !listed.has(text)) this.#damaged.delete(text);
    }
  }

  #set(key: ObjectKey, raw: RawObject, isAnswer: boolean): T | undefined {
    const text = keyText(key);
    const before = this.#entries.get(text);
    const value = this.#options.narrow(raw);
    if (before !== undefined && before.uid !== raw.metadata.uid) this.#bury(before.uid, '');
    if (value === undefined) {
      this.#damaged.set(text, raw);
      if (before !== undefined) this.#forget(text, before);
      return undefined;
    }
    this.#damaged.delete(text);
    const entry: Entry<T> = {
      key,
      name: key.name,
      uid: raw.metadata.uid,
      ownerUid: controllerOf(raw.metadata)?.uid ?? '',
      order: this.#options.order(value),
      resourceVersion: raw.metadata.resourceVersion,
      isAnswer,
      value,
    };
    this.#tombstones.delete(entry.uid);
    if (before !== undefined) this.#index.remove(before);
    this.#entries.set(text, entry);
    this.#index.add(entry);
    const isSame =
      before?.uid === entry.uid && this.#options.differs?.(before.value, value) === false;
    if (!isSame) this.#options.onChange(key, before?.value, value);
    return value;
  }

  #remove(key: ObjectKey, uid: string, version: string): void {
    this.#bury(uid, version);
    if (this.#damaged.get(keyText(key))?.metadata.uid === uid) this.#damaged.delete(keyText(key));
    const entry = this.#entries.get(keyText(key));
    // An object of the same name that came after the one that went.
    if (entry === undefined || entry.uid !== uid) return;
    this.#forget(keyText(key), entry);
  }

  #forget(text: string, entry: Entry<T>): void {
    this.#entries.delete(text);
    this.#index.remove(entry);
    this.#options.onChange(entry.key, entry.value, undefined);
  }

  #bury(uid: string, version: string): void {
    this.#tombstones.set(uid, version);
    if (this.#tombstones.size <= MAX_TOMBSTONES) return;
    for (const oldest of this.#tombstones.keys()) {
      this.#tombstones.delete(oldest);
      break;
    }
  }
}

function isNewer(known: { readonly resourceVersion: string }, raw: RawObject): boolean {
  return compareVersions(known.resourceVersion, raw.metadata.resourceVersion) >= 0;
}

function keyOf(raw: RawObject): ObjectKey {
  return { namespace: raw.metadata.namespace ?? '', name: raw.metadata.name };
}
