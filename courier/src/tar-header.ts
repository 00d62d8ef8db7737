/**
 * Headers of tar archives: POSIX ustar, GNU tar, and the pax records that both write for what does not
 * fit. Everything in them is taken for hostile; whatever is not plainly understood is refused.
 *
 * @see IEEE Std 1003.1-2017, pax; GNU tar manual, "Basic Tar Format".
 */

export const BLOCK_BYTES = 512;

/** What an archive says that must not be unpacked, or that is no archive. */
export class TarError extends Error {}

export interface TarHeader {
  readonly type: string;
  /** As it stands there, not yet checked. */
  readonly name: string;
  readonly size: number;
}

/** Values of a pax record that replace those of the next header. */
export interface Overrides {
  readonly path?: string;
  readonly size?: number;
}

/** Reads one header; undefined for a block of zeros, which ends an archive. */
export function readHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (block[0] === 0x1f && block[1] === 0x8b) {
    throw new TarError('it is compressed by gzip; store it as a plain tar archive');
  }
  const stored = Number.parseInt(block.toString('latin1', 148, 156).replaceAll('\0', ' '), 8);
  let sum = 0;
  // The checksum counts its own field as spaces.
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  if (stored !== sum) throw new TarError('not a tar archive, or a damaged one: wrong checksum');
  const magic = block.toString('latin1', 257, 262);
  const prefix = magic === 'ustar' && block[262] === 0 ? readText(block, 345, 155) : '';
  const name = readText(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    // A NUL is how the first tar wrote a plain file.
    type: type === '\0' ? '0' : type,
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: readNumber(block, 124, 12),
  };
}

/** The records of a pax header: `<length> <key>=<value>\n`, where the length counts the whole record. */
export function readPax(data: Buffer): Overrides {
  let overrides: Overrides = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const digits = space === -1 ? '' : data.toString('latin1', at, space);
    const end = at + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > data.length || data[end - 1] !== 10) {
      throw new TarError('a pax header is damaged');
    }
    const record = decodeText(data.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals === -1) throw new TarError('a pax header is damaged');
    overrides = { ...overrides, ...override(record.slice(0, equals), record.slice(equals + 1)) };
    at = end;
  }
  return overrides;
}

function override(key: string, value: string): Overrides {
  if (key === 'path') return { path: value };
  if (key.startsWith('GNU.sparse.')) throw new TarError('sparse files are not supported');
  if (key !== 'size') return {};
  if (!/^\d{1,15}$/.test(value)) throw new TarError(`not a size: ${value.slice(0, 40)}`);
  return { size: Number(value) };
}

/** A text that ends at its first NUL, if there is one. */
export function readText(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return decodeText(end === -1 ? field : field.subarray(0, end));
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TarError('a name is not UTF-8', { cause: error });
  }
}

/** Octal digits, or GNU's binary form, which the highest bit of the first byte marks. */
function readNumber(block: Buffer, from: number, length: number): number {
  const field = block.subarray(from, from + length);
  if (field[0] === 0x80) {
    const high = field.subarray(1, -6);
    if (high.some((byte) => byte !== 0)) throw new TarError('a size is too large');
    return field.readUIntBE(length - 6, 6);
  }
  const digits = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (digits === '') return 0;
  if (!/^[0-7]{1,12}$/.test(digits)) throw new TarError('a number in a header is damaged');
  return Number.parseInt(digits, 8);
}
