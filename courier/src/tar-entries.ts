import { isDataPath } from '@espalier/api';
import {
  BLOCK_BYTES,
  type Overrides,
  readHeader,
  readPax,
  readText,
  TarError,
} from './tar-header.ts';

/** A plain file or a folder of an archive. */
export interface TarEntry {
  readonly kind: 'file' | 'folder';
  /** Relative and normal: no `.`, no `..`, no empty part; empty = the archive's own root. */
  readonly path: string;
  readonly size: number;
  /** The content, in pieces; what is not read is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** Long names and pax records; more is an attempt to fill the memory. */
const MAX_META_BYTES = 64 * 1024;

/**
 * The entries of a tar archive, one after the other; holds one chunk of the source at a time.
 *
 * @throws {TarError} for anything but plain files and folders with names that stay below the root: no
 *   links at all, no devices, no sparse files; and for an archive without its end.
 */
export async function* tarEntries(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const bytes = new ByteReader(source);
  try {
    yield* read(bytes);
  } finally {
    await bytes.close();
  }
}

async function* read(bytes: ByteReader): AsyncGenerator<TarEntry> {
  let overrides: Overrides = {};
  for (;;) {
    const header = readHeader(await bytes.take(BLOCK_BYTES));
    if (header === undefined) break;
    const size = overrides.size ?? header.size;
    switch (header.type) {
      case 'g': // Global records say nothing that we use; a path for all entries makes no sense.
        readPax(await meta(bytes, header.size));
        break;
      case 'x':
        overrides = { ...overrides, ...readPax(await meta(bytes, header.size)) };
        break;
      case 'L': {
        const name = await meta(bytes, header.size);
        overrides = { ...overrides, path: readText(name, 0, name.length) };
        break;
      }
      case '0':
      case '7':
      case '5': {
        const name = overrides.path ?? header.name;
        // The first tar had no type for folders: a slash at the end said it.
        const isFolder = header.type === '5' || (header.type === '0' && name.endsWith('/'));
        if (isFolder && size > 0) throw new TarError(`a folder with content: ${shown(name)}`);
        overrides = {};
        const content = bytes.pieces(size);
        const kind = isFolder ? 'folder' : 'file';
        yield { kind, path: safePath(name, isFolder), size, content };
        for await (const _ of content) {
          // What the caller did not read.
        }
        await bytes.take(padding(size));
        break;
      }
      default:
        throw new TarError(`${KINDS[header.type] ?? 'something unknown'}: ${shown(header.name)}`);
    }
  }
  // The end are two blocks of zeros; some writers pad with more, which nobody needs to read.
  if ((await bytes.take(BLOCK_BYTES)).some((byte) => byte !== 0)) {
    throw new TarError('the archive goes on after its end');
  }
}

const KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
  S: 'a sparse file',
  K: 'a link with a long name',
};

/**
 * The path of an entry, without `./` before and `/` after it.
 *
 * @throws {TarError} if it leaves the folder into which it is unpacked, or might on some system.
 */
export function safePath(name: string, isFolder: boolean): string {
  const parts = name
    .replace(/\/+$/, '')
    .split('/')
    .filter((part) => part !== '.');
  const path = parts.join('/');
  if (isFolder && path === '') return path;
  const isBad = name.startsWith('/') || (!isFolder && name.endsWith('/')) || !isDataPath(path);
  if (isBad) throw new TarError(`an unsafe path: ${shown(name)}`);
  return path;
}

function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);
}

function padding(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

async function meta(bytes: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_META_BYTES) throw new TarError('a header is too long');
  const data = await bytes.take(size);
  await bytes.take(padding(size));
  return data;
}

/** Takes exact numbers of bytes from a source of chunks. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** For small amounts: they are copied together. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const piece of this.pieces(count)) parts.push(piece);
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** The next `count` bytes; the same ones only once, however often it is iterated. */
  pieces(count: number): AsyncIterable<Buffer> {
    let left = count;
    const next = async (): Promise<IteratorResult<Buffer>> => {
      if (left === 0) return { done: true, value: undefined };
      while (this.#chunk.length === 0) {
        const { done, value } = await this.#source.next();
        if (done === true) throw new TarError('the archive breaks off');
        this.#chunk = value;
      }
      const piece = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(piece.length);
      left -= piece.length;
      return { done: false, value: piece };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
}
