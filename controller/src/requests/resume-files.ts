import { createHash } from 'node:crypto';
import { checkpointManifest, type Manifest } from '@espalier/api';
import type { ArtifactKeys, AttemptPlace } from '../domain/artifacts/keys.ts';
import { MAX_MANIFEST_BYTES, readManifest } from '../domain/artifacts/manifest.ts';
import type { Call } from '../ports/cluster.ts';
import type { ObjectReader } from '../ports/objects.ts';

/** A file that may be read, as it must be when it arrives. */
export interface ReadableFile {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** One checkpoint: its manifest, and the files that the manifest lists. */
export interface ResumeFiles {
  readonly name: string;
  readonly files: ReadonlyMap<string, ReadableFile>;
}

/** Attempts that fetch their checkpoint at the same time; others read its manifest again. */
const MAX_KNOWN = 32;

/** Reads manifests of checkpoints; a checkpoint's key is written once, so what was read stays true. */
export class ResumeManifests {
  readonly #objects: Pick<ObjectReader, 'get'>;
  readonly #keys: ArtifactKeys;
  readonly #known = new Map<string, ResumeFiles>();

  constructor(objects: Pick<ObjectReader, 'get'>, keys: ArtifactKeys) {
    this.#objects = objects;
    this.#keys = keys;
  }

  /** Undefined = there is none, or it is no manifest of that attempt. */
  async of(place: AttemptPlace, step: number, call: Call): Promise<ResumeFiles | undefined> {
    const name = checkpointManifest(step);
    const key = this.#keyOf(place, name);
    if (key === undefined) return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = await this.#objects.get(key, MAX_MANIFEST_BYTES, call);
    if (found === undefined) return undefined;
    let manifest: Manifest;
    try {
      manifest = readManifest(found.body.toString('utf8'), place);
    } catch {
      // Whatever a trainer wrote there: the attempt that was to go on from it is told that it is not there.
      return undefined;
    }
    const files = new Map<string, ReadableFile>();
    for (const { path, size, sha256 } of manifest.files) {
      files.set(path, { key: this.#keys.attemptFile(place, path), size, sha256 });
    }
    const sha256 = createHash('sha256').update(found.body).digest('hex');
    files.set(name, { key, size: found.body.length, sha256 });
    const read = { name, files };
    this.#known.set(key, read);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return read;
  }

  /** Undefined for numbers that no key has: somebody else wrote them on the pod. */
  #keyOf(place: AttemptPlace, name: string): string | undefined {
    try {
      return this.#keys.attemptFile(place, name);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}
