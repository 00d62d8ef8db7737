/** A block of a tar archive; everything is padded to whole ones. */
export const BLOCK = 512;

/** The largest size that eleven octal digits can say. */
const MAX_USTAR_SIZE = 8 ** 11 - 1;
const MAX_USTAR_NAME = 100;

/**
 * The blocks before an entry's content: a ustar header, and before it a pax header where the name or
 * the size does not fit. Owner, mode and time are always the same, so that equal files make equal
 * archives.
 *
 * @param path Relative; ends with a slash if it is a folder.
 * @see POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".
 */
export function tarHeader(path: string, size: number): Buffer {
  const name = Buffer.from(path);
  const isPlain = /^[\x20-\x7e]+$/.test(path) && name.length <= MAX_USTAR_NAME;
  const records = [
    ...(isPlain ? [] : [paxRecord('path', path)]),
    ...(size > MAX_USTAR_SIZE ? [paxRecord('size', String(size))] : []),
  ];
  const type = path.endsWith('/') ? '5' : '0';
  const main = ustarHeader(name.subarray(0, MAX_USTAR_NAME), Math.min(size, MAX_USTAR_SIZE), type);
  if (records.length === 0) return main;
  const content = Buffer.from(records.join(''));
  const extended = ustarHeader(Buffer.from('pax_header'), content.length, 'x');
  return Buffer.concat([extended, content, Buffer.alloc(paddingAfter(content.length)), main]);
}

/** The zeros that fill the last block of a content. */
export function paddingAfter(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** `<length> <name>=<value>\n`, where the length counts itself. */
function paxRecord(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length > length) length += 1;
  return `${length}${rest}`;
}

function ustarHeader(name: Buffer, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  name.copy(block, 0);
  octal(type === '5' ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  block.fill(' ', 148, 156); // the checksum counts as spaces while it is computed
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  block[154] = 0;
  return block;
}
