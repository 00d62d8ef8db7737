/** A value in DER, the encoding of certificates (ITU-T X.690). */
export type Der = Buffer;

function tagged(tag: number, content: Buffer): Der {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

export const sequence = (...items: readonly Der[]): Der => tagged(0x30, Buffer.concat(items));
export const set = (...items: readonly Der[]): Der => tagged(0x31, Buffer.concat(items));
export const octets = (content: Buffer): Der => tagged(0x04, content);
export const utf8 = (text: string): Der => tagged(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]));
/** A field that its position names, `[n]` in ASN.1, around a whole value. */
export const explicit = (n: number, content: Der): Der => tagged(0xa0 | n, content);
/** A field that its position names, in place of the value's own tag. */
export const implicit = (n: number, content: Buffer): Der => tagged(0x80 | n, content);

/** The bits of `content` that count; `unused` at the end do not. */
export const bits = (content: Buffer, unused = 0): Der =>
  tagged(0x03, Buffer.concat([Buffer.from([unused]), content]));

/** A positive integer; a zero byte keeps a leading one bit from meaning a negative one. */
export function integer(value: Buffer): Der {
  const first = value[0] ?? 0;
  return tagged(0x02, first >= 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value);
}

/** An object identifier, given as `1.2.840.10045.4.3.2`. */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** A point in time before 2050 (UTCTime), to the second. */
export function time(date: Date): Der {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}
