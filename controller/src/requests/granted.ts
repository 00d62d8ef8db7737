import type { ArtifactKeys, AttemptPlace } from '../domain/artifacts/keys.ts';
import { GrantedFiles } from '../domain/artifacts/upload.ts';
import type { Call } from '../ports/cluster.ts';
import type { ObjectReader } from '../ports/objects.ts';

/** Paths remembered of all attempts together; beyond it the one that asked longest ago is forgotten. */
const MAX_PATHS = 1_000_000;

/**
 * What every attempt under way has stored or may still store. It lives in memory only: whoever leads
 * next, and whoever was forgotten, begins with what lies in the store. A URL that was given out but
 * not used by then is not counted, so the quota holds but for one URL's lifetime.
 */
export class GrantedByAttempt {
  readonly #objects: Pick<ObjectReader, 'list'>;
  readonly #keys: ArtifactKeys;
  /** By the root of the attempt's keys; who asked last comes last. */
  readonly #known = new Map<string, Promise<GrantedFiles>>();
  readonly #counts = new Map<string, number>();
  readonly #maxPaths: number;
  /** Sum of the counts, and one for each attempt. */
  #paths = 0;

  constructor(objects: Pick<ObjectReader, 'list'>, keys: ArtifactKeys, maxPaths = MAX_PATHS) {
    this.#objects = objects;
    this.#keys = keys;
    this.#maxPaths = maxPaths;
  }

  async of(place: AttemptPlace, call: Call): Promise<GrantedFiles> {
    const root = this.#keys.attemptRoot(place);
    const asked = this.#known.get(root) ?? this.#seed(root, call);
    this.#known.delete(root);
    this.#known.set(root, asked);
    try {
      const granted = await asked;
      this.#bound(root, granted);
      return granted;
    } catch (error) {
      if (this.#known.get(root) === asked) this.#known.delete(root);
      throw error;
    }
  }

  /** The attempt is over, or what it stores was changed by others. */
  forget(place: AttemptPlace): void {
    this.#drop(this.#keys.attemptRoot(place));
  }

  async #seed(root: string, call: Call): Promise<GrantedFiles> {
    const granted = new GrantedFiles();
    for await (const page of this.#objects.list(root, call)) {
      for (const { key, size } of page) granted.add(key.slice(root.length), size);
    }
    return granted;
  }

  #bound(root: string, { count }: GrantedFiles): void {
    this.#paths += count + 1 - this.#weightOf(root);
    this.#counts.set(root, count);
    for (const oldest of this.#known.keys()) {
      if (this.#paths <= this.#maxPaths || oldest === root) break;
      this.#drop(oldest);
    }
  }

  #weightOf(root: string): number {
    const count = this.#counts.get(root);
    return count === undefined ? 0 : count + 1;
  }

  #drop(root: string): void {
    this.#paths -= this.#weightOf(root);
    this.#known.delete(root);
    this.#counts.delete(root);
  }
}
