import { createHash } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ARTIFACT, type ManifestFile, newestManifest } from '@espalier/api';
import type { ArtifactSource, FoundManifest } from './artifact-source.ts';

/** The files of a local Experiment. */
export class FolderSource implements ArtifactSource {
  readonly #folder: string;

  /** @param folder That of the attempt. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  nameOf(path: string): string {
    const root = dirname(dirname(dirname(this.#folder)));
    return join(path === ARTIFACT.trialsCsv ? root : this.#folder, path);
  }

  async manifest(): Promise<FoundManifest | undefined> {
    const path = newestManifest((await orMissing(readdir(this.#folder))) ?? []);
    if (path === undefined) return undefined;
    const text = await orMissing(readFile(this.nameOf(path), 'utf8'));
    return text === undefined ? undefined : { path, text };
  }

  async beside(): Promise<readonly ManifestFile[]> {
    const found: ManifestFile[] = [];
    for (const path of [ARTIFACT.log, ARTIFACT.trialsCsv]) {
      const content = await orMissing(readFile(this.nameOf(path)));
      if (content === undefined) continue;
      const sha256 = createHash('sha256').update(content).digest('hex');
      found.push({ path, size: content.length, sha256 });
    }
    return found;
  }

  async read(path: string, from: number, signal: AbortSignal): Promise<ReadStream | undefined> {
    const file = await orMissing(open(this.nameOf(path), 'r'));
    return file && createReadStream('', { fd: file, start: from, signal });
  }

  close(): void {}
}

async function orMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
