import { existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  ARTIFACT,
  type AttemptAddress,
  checkpointManifest,
  type ManifestFile,
} from '@espalier/api';
import { digestOf, openAttemptFile } from './attempt-file.ts';
import type { Connection } from './connection.ts';
import { type FoundManifest, findManifest, readManifest } from './find-manifest.ts';
import { messageOf, once, type Say, systemCode } from './say.ts';
import { bytesSource, ChangedError, storeFile } from './store-file.ts';
import { Waker } from './waker.ts';

export interface UploadsOptions {
  readonly connection: Pick<Connection, 'ask'>;
  readonly address: AttemptAddress;
  /** Need not exist yet. */
  readonly folder: string;
  readonly say: Say;
  /** How often the folder is looked at. @default 1_000 */
  readonly lookMs?: number;
}

const CONCURRENT = 2;
/** Of files from this size on it is told how far they are. */
const LARGE_BYTES = 64 * 2 ** 20;
const TELL_MS = 10_000;
/** Files that are held open at once, so that a checkpoint survives its deletion while it is sent. */
const MAX_HELD = 64;
/** A manifest whose files are gone is looked at so often again before it counts as broken. */
const MISSING_LOOKS = 3;

/**
 * Stores what the newest manifest of the attempt lists, and then the manifest: it is the commit record,
 * so it comes last. Manifests that were superseded before their turn are skipped, since the newest one
 * lists all that a later attempt needs; one that is under way is finished, even if the trainer deletes
 * its files meanwhile, or a store slower than the checkpoints would never get a whole one.
 */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #waker = new Waker();
  readonly #warn: Say;
  /** Digest by path of what the store has; keys are written once. */
  readonly #stored = new Map<string, string>();
  /** Manifests that can never be stored whole. */
  readonly #given = new Map<string, string>();
  #misses = { name: '', count: 0 };
  #isEnding = false;
  #isDone = false;
  #current: string | undefined;
  #left = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#warn = once(options.say);
  }

  /** The trainer has ended: what lies in the folder is all there will be. */
  end(): void {
    this.#isEnding = true;
    this.#waker.wake();
  }

  /** Runs until the newest manifest is stored after {@link Uploads.end}; rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    while (!this.#isDone) {
      signal.throwIfAborted();
      // Asked before looking: only then is what is found the last there will be.
      const isEnding = this.#isEnding;
      const name = this.#find();
      if (name !== undefined && !this.#isSettled(name)) {
        await this.#carry(name, signal);
        continue;
      }
      if (isEnding) this.#isDone = true;
      else await this.#waker.sleep(this.#options.lookMs ?? 1_000, signal);
    }
  }

  /** What is still to be stored, in words; undefined = nothing that could be. */
  get pending(): string | undefined {
    const name = this.#current ?? this.#find();
    if (name === undefined || this.#isSettled(name)) return undefined;
    return `${name} and ${this.#left} of its files are not in the store`;
  }

  /** Why the newest manifest can never be stored; undefined = it can, or is. */
  get refused(): string | undefined {
    const name = this.#find();
    return name === undefined ? undefined : this.#given.get(name);
  }

  #find(): string | undefined {
    try {
      return findManifest(this.#options.folder);
    } catch (error) {
      this.#warn(`the folder of the artifacts cannot be listed: ${messageOf(error)}`);
      return undefined;
    }
  }

  #isSettled(name: string): boolean {
    return this.#stored.has(name) || this.#given.has(name);
  }

  /** Stores one manifest, or finds out that it cannot be. */
  async #carry(name: string, signal: AbortSignal): Promise<void> {
    const { folder, address, lookMs = 1_000 } = this.#options;
    const held = new Map<string, FileHandle>();
    try {
      const found = await readManifest(folder, name, address);
      const checkpoint = this.#unsettledCheckpoint(name, found);
      if (checkpoint !== undefined) return await this.#carryOnce(checkpoint, signal);
      this.#current = name;
      await this.#carryFiles(found, held, signal);
      await this.#store(found.file, bytesSource(found.bytes, found.file), signal);
      if (name === ARTIFACT.manifest || this.#isEnding) this.#options.say(`${name} is stored`);
    } catch (error) {
      signal.throwIfAborted();
      if (systemCode(error) === undefined) {
        this.#give(name, messageOf(error));
      } else if (this.#find() === name) {
        // Not superseded, so a file that it lists is missing; perhaps the trainer is just at it.
        const misses = this.#misses.name === name ? this.#misses.count + 1 : 1;
        this.#misses = { name, count: misses };
        if (misses > MISSING_LOOKS) this.#give(name, messageOf(error));
        else await this.#waker.sleep(lookMs, signal);
      }
    } finally {
      this.#current = undefined;
      for (const handle of held.values()) await handle.close();
    }
  }

  /**
   * An attempt that ended early is resumed from its checkpoint, whose own manifest says so: that one comes
   * before the manifest that ends the attempt, which would supersede it.
   */
  #unsettledCheckpoint(name: string, { manifest }: FoundManifest): string | undefined {
    if (name !== ARTIFACT.manifest || manifest.resume === null) return undefined;
    const checkpoint = checkpointManifest(manifest.resume.step);
    if (this.#isSettled(checkpoint)) return undefined;
    return existsSync(join(this.#options.folder, checkpoint)) ? checkpoint : undefined;
  }

  /** Nothing more comes of an attempt that has ended: what is missing now stays missing. */
  async #carryOnce(name: string, signal: AbortSignal): Promise<void> {
    await this.#carry(name, signal);
    if (!this.#isSettled(name)) this.#give(name, 'files that it lists are gone');
  }

  async #carryFiles(
    { manifest }: FoundManifest,
    held: Map<string, FileHandle>,
    signal: AbortSignal,
  ): Promise<void> {
    const { folder } = this.#options;
    const isCheckpoint = ({ path }: ManifestFile): boolean => path.startsWith('checkpoint-');
    // Checkpoints first: they are what the trainer deletes.
    const missing = manifest.files
      .filter((file) => !this.#has(file))
      .sort((a, b) => Number(isCheckpoint(b)) - Number(isCheckpoint(a)));
    this.#left = missing.length;
    for (const { path } of missing.slice(0, MAX_HELD)) {
      held.set(path, await openAttemptFile(folder, path));
    }
    const queue = missing.values();
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const work = async (): Promise<void> => {
      for (const file of queue) {
        either.throwIfAborted();
        const handle = held.get(file.path) ?? (await openAttemptFile(folder, file.path));
        held.set(file.path, handle);
        await this.#storeOpen(file, handle, either);
        held.delete(file.path);
        await handle.close();
        this.#left -= 1;
      }
    };
    const workers = Array.from({ length: CONCURRENT }, () =>
      work().catch((error) => {
        failed.abort(error);
        throw error;
      }),
    );
    // All must be through before the files are closed.
    await Promise.allSettled(workers);
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  #has({ path, sha256 }: ManifestFile): boolean {
    const stored = this.#stored.get(path);
    if (stored === undefined || stored === sha256) return stored !== undefined;
    throw new ChangedError(`${path} was stored with another content: a file must never change`);
  }

  async #storeOpen(file: ManifestFile, handle: FileHandle, signal: AbortSignal): Promise<void> {
    const { size } = await handle.stat();
    if (size !== file.size) {
      throw new ChangedError(`${file.path} has ${size} bytes, its manifest says ${file.size}`);
    }
    let reading: { readonly bytesRead: number } | undefined;
    const read = (): Readable => {
      if (size === 0) return Readable.from([]);
      const stream = handle.createReadStream({ start: 0, end: size - 1, autoClose: false });
      reading = stream;
      return stream;
    };
    const tell = setInterval(() => {
      if (reading === undefined || size < LARGE_BYTES) return;
      const percent = Math.floor((reading.bytesRead / size) * 100);
      this.#options.say(`${file.path}: ${percent} % of ${size} bytes sent`);
    }, TELL_MS);
    try {
      await this.#store(file, { read, digest: () => digestOf(handle) }, signal);
    } finally {
      clearInterval(tell);
    }
  }

  async #store(
    file: ManifestFile,
    source: Parameters<typeof storeFile>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, say } = this.#options;
    await storeFile(file, source, { connection, say, signal });
    this.#stored.set(file.path, file.sha256);
  }

  #give(name: string, why: string): void {
    this.#given.set(name, `${name} is not in the store: ${why}`);
    this.#options.say(`${name} cannot be stored: ${why}`);
  }
}
