import { existsSync, linkSync, rmdirSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ARTIFACT, checkpointManifest, type Manifest, type ManifestFile } from '@espalier/api';
import { makeFolder, writeWhole } from '../files/whole-file.ts';
import { systemCode } from '../trainer-error.ts';

/** Whose folder it is; part of every manifest. */
export interface AttemptIdentity {
  readonly trialUid: string;
  readonly attempt: number;
}

/** What a manifest says beside its files. */
export type ManifestFacts = Pick<Manifest, 'step' | 'epoch' | 'best' | 'resume'>;

/**
 * The folder of one attempt. A manifest is written after the files that it lists and before those
 * that it makes superfluous are deleted, so at every moment the newest manifest is true.
 */
export class AttemptFolder {
  readonly path: string;
  readonly #identity: AttemptIdentity;
  readonly #files = new Map<string, ManifestFile>();
  readonly #manifests = new Set<string>();

  constructor(path: string, identity: AttemptIdentity) {
    this.path = path;
    this.#identity = identity;
    makeFolder(path);
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  write(path: string, chunks: readonly Uint8Array[]): void {
    const target = join(this.path, path);
    if (path.includes('/')) makeFolder(dirname(target));
    this.#files.set(path, { path, ...writeWhole(target, chunks) });
  }

  /** Takes over a verified file of an earlier attempt. */
  async inherit(folder: string, file: ManifestFile): Promise<void> {
    const source = join(folder, file.path);
    const target = join(this.path, file.path);
    if (source !== target) {
      makeFolder(dirname(target));
      await linkOrCopy(source, target);
    }
    this.#files.set(file.path, file);
  }

  /** A manifest of an earlier process in this very folder: superseded by the next one. */
  adopt(manifest: string): void {
    if (existsSync(join(this.path, manifest))) this.#manifests.add(manifest);
  }

  /** Commits a checkpoint: afterwards only its files and those that `isKept` stay. */
  commitCheckpoint(facts: ManifestFacts, isKept: (path: string) => boolean): void {
    this.#commit(checkpointManifest(facts.step), facts, isKept);
  }

  /** Ends the attempt: its files are complete. */
  commitEnd(facts: ManifestFacts, isKept: (path: string) => boolean): void {
    this.#commit(ARTIFACT.manifest, facts, isKept);
  }

  #commit(name: string, facts: ManifestFacts, isKept: (path: string) => boolean): void {
    const superseded = [...this.#files.keys()].filter((path) => !isKept(path));
    for (const path of superseded) this.#files.delete(path);
    const manifest: Manifest = {
      version: 1,
      ...this.#identity,
      ...facts,
      files: [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
    const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
    writeWhole(join(this.path, name), [Buffer.from(text)]);
    // The old manifests first: none may list a file that is gone.
    for (const old of this.#manifests) if (old !== name) this.#remove(old);
    this.#manifests.clear();
    this.#manifests.add(name);
    for (const path of superseded) this.#remove(path);
  }

  #remove(path: string): void {
    const target = join(this.path, path);
    rmSync(target, { force: true });
    if (!path.includes('/')) return;
    try {
      rmdirSync(dirname(target));
    } catch (error) {
      // The folder still holds the other file of its checkpoint.
      if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'ENOENT') throw error;
    }
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  rmSync(target, { force: true });
  try {
    linkSync(source, target);
  } catch {
    // Another file system, or one without hard links.
    await copyFile(source, target);
  }
}
