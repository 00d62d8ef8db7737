import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, lstat, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ManifestFile } from '@espalier/api';
import { EXIT } from '../exit-codes.ts';
import { asFailure, Failure } from '../failure.ts';
import { printable } from '../render/printable.ts';
import { makeFolder } from './make-folder.ts';

/** Holds what has not arrived whole; a later call goes on with it. */
const UNFINISHED = '.espalier-download';

/** A file that is on its way; its name does not exist yet. */
export interface Arriving {
  readonly file: FileHandle;
  /** Bytes that are there, and their digest so far. */
  size: number;
  hash: Hash;
}

/**
 * The folder that a download fills. A file appears under its name when it is whole, never before, and
 * never in the place of another; nothing is written outside the folder, whatever links are in it.
 */
export class TargetFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  async open(): Promise<void> {
    await makeFolder(this.pathOf(UNFINISHED));
    await this.#mustBeInside(UNFINISHED);
  }

  /**
   * Whether the file is there already.
   *
   * @throws {Failure} if something else has its name.
   */
  async has({ path, size, sha256 }: ManifestFile): Promise<boolean> {
    const target = this.pathOf(path);
    if (path.includes('/')) {
      await makeFolder(dirname(target));
      await this.#mustBeInside(dirname(path));
    }
    const stats = await lstat(target).catch(() => undefined);
    if (stats === undefined) return false;
    if (stats.isFile() && stats.size === size && (await digestOf(target)) === sha256) return true;
    throw new Failure(`${printable(target)} is there already, with other content`, {
      exitCode: EXIT.refused,
      hints: ['nothing is overwritten: choose another folder, or remove that file'],
    });
  }

  /** Opens what has arrived of a file; of the same content, whatever its name. */
  async begin({ sha256, size }: ManifestFile): Promise<Arriving> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(this.#unfinished(sha256), flags, 0o644);
    const arriving: Arriving = { file, size: 0, hash: createHash('sha256') };
    const { size: found } = await file.stat();
    if (found > size) await file.truncate(0);
    else {
      const stream = file.createReadStream({ start: 0, autoClose: false });
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        arriving.hash.update(chunk);
        arriving.size += chunk.length;
      }
    }
    return arriving;
  }

  /** @throws {Failure} if it cannot be written whole: no other try to read it would help. */
  async append(arriving: Arriving, chunk: Buffer): Promise<void> {
    try {
      // A disk that is nearly full takes a part.
      for (let done = 0; done < chunk.length; ) {
        const { file, size } = arriving;
        done += (await file.write(chunk, done, chunk.length - done, size + done)).bytesWritten;
      }
    } catch (error) {
      throw asFailure(error, `cannot write into ${printable(this.path)}`);
    }
    arriving.hash.update(chunk);
    arriving.size += chunk.length;
  }

  async startAgain(arriving: Arriving): Promise<void> {
    await arriving.file.truncate(0);
    arriving.size = 0;
    arriving.hash = createHash('sha256');
  }

  /** Gives a whole file its name. */
  async finish(arriving: Arriving, { path, sha256 }: ManifestFile): Promise<void> {
    await arriving.file.sync();
    await rename(this.#unfinished(sha256), this.pathOf(path));
  }

  /** Writes a small file as the others arrive. */
  async write(file: ManifestFile, body: Buffer): Promise<void> {
    const arriving = await this.begin(file);
    try {
      await this.startAgain(arriving);
      await this.append(arriving, body);
      await this.finish(arriving, file);
    } finally {
      await arriving.file.close();
    }
  }

  /** All has arrived. */
  async close(): Promise<void> {
    await rm(this.pathOf(UNFINISHED), { recursive: true, force: true });
  }

  #unfinished(sha256: string): string {
    return join(this.path, UNFINISHED, sha256);
  }

  /** A link in the folder must not lead us out of it. */
  async #mustBeInside(folder: string): Promise<void> {
    const [root, found] = await Promise.all([realpath(this.path), realpath(this.pathOf(folder))]);
    if (found === join(root, folder)) return;
    throw new Failure(`${printable(this.pathOf(folder))} leads out of the folder`, {
      exitCode: EXIT.refused,
      hints: ['remove that link, or choose another folder'],
    });
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
