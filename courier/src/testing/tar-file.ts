/** One entry of an archive that a test makes; the fields say what stands in its header. */
export interface TarPart {
  readonly name: string;
  /** Written over the name. */
  readonly raw?: Buffer;
  readonly body?: Buffer;
  /** @default '0', a plain file */
  readonly type?: string;
}

/** An archive in the form of POSIX ustar, whatever its entries say. */
export function tarFile(parts: readonly TarPart[]): Buffer {
  const blocks = parts.flatMap(({ name, raw, body = Buffer.alloc(0), type = '0' }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    raw?.copy(header, 0);
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** One record of a pax header. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}
