import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../exit-codes.ts';
import { Failure, messageOf } from '../failure.ts';
import { printable } from '../render/printable.ts';
import type { ScannedEntry } from './scan-folder.ts';
import { BLOCK, paddingAfter, tarHeader } from './tar-header.ts';

/** Two empty blocks end an archive. */
const END_BYTES = 2 * BLOCK;

/**
 * The archive of a folder, any part of which can be read without the rest: a part that was lost on its
 * way is made again from the files.
 */
export class TarArchive {
  /** Bytes of the whole archive. */
  readonly size: number;
  readonly #folder: string;
  readonly #entries: readonly ScannedEntry[];
  /** Where each entry begins; one more for the end. */
  readonly #offsets: Float64Array;

  constructor(folder: string, entries: readonly ScannedEntry[]) {
    this.#folder = folder;
    this.#entries = entries;
    this.#offsets = new Float64Array(entries.length + 1);
    let offset = 0;
    for (const [index, { path, size }] of entries.entries()) {
      this.#offsets[index] = offset;
      offset += tarHeader(path, size).length + size + paddingAfter(size);
    }
    this.#offsets[entries.length] = offset;
    this.size = offset + END_BYTES;
  }

  /**
   * The bytes from `start` up to `end`.
   *
   * @throws {Failure} if a file is not what it was when the folder was scanned.
   */
  async read(start: number, end: number): Promise<Buffer> {
    const target = Buffer.alloc(end - start);
    for (let index = this.#entryAt(start); index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      const offset = this.#offsets[index];
      if (entry === undefined || offset === undefined || offset >= end) break;
      const header = tarHeader(entry.path, entry.size);
      const headerFrom = Math.max(start - offset, 0);
      if (headerFrom < header.length) header.copy(target, offset + headerFrom - start, headerFrom);
      const content = offset + header.length;
      const from = Math.max(start, content);
      const to = Math.min(end, content + entry.size);
      if (from < to) {
        await this.#readFile(entry, from - content, target.subarray(from - start, to - start));
      }
    }
    return target;
  }

  /** The last entry that begins at `position` or before. */
  #entryAt(position: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#offsets[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #readFile(entry: ScannedEntry, from: number, target: Buffer): Promise<void> {
    const file = await open(join(this.#folder, entry.path), 'r').catch((cause: unknown) => {
      throw unreadable(entry, cause);
    });
    try {
      for (let done = 0; done < target.length; ) {
        const left = target.length - done;
        const { bytesRead } = await file.read(target, done, left, from + done);
        if (bytesRead === 0) throw changed(entry.path);
        done += bytesRead;
      }
      const { size, mtimeNs } = await file.stat({ bigint: true });
      if (Number(size) !== entry.size || mtimeNs !== entry.modifiedNs) throw changed(entry.path);
    } finally {
      await file.close();
    }
  }
}

/** Nothing that is read now belongs to what was read before. */
export function changed(path: string): Failure {
  return new Failure(`${printable(path)} was changed while it was read`, {
    exitCode: EXIT.refused,
    hints: ['run the command again when nobody writes into the folder'],
  });
}

function unreadable({ path }: ScannedEntry, cause: unknown): Failure {
  const why = messageOf(cause);
  return new Failure(`cannot read ${printable(path)}: ${why}`, { exitCode: EXIT.refused, cause });
}
