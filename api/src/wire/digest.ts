import type { Point } from './report.ts';

/**
 * A 64-bit digest of a set of points that does not depend on their order, so that a reader which
 * received them reordered or twice can tell whether it has all of them.
 *
 * Each point is hashed by FNV-1a (two 32-bit lanes) over the little-endian IEEE 754 doubles of seq,
 * step and epoch, then, by name in code-point order, the UTF-8 name, a zero byte and the double of
 * the value; -0 counts as 0, and every NaN as 7ff8000000000000, since JSON tells neither apart. The
 * set's digest is the exclusive or of its points' hashes, so a point added twice cancels out: a
 * reader drops what it has seen before. It guards against loss, not against forgery.
 *
 * @see Fowler, Noll, Vo: FNV-1a, 32-bit prime 16777619.
 */
export interface PointsDigest {
  readonly high: number;
  readonly low: number;
}

export const EMPTY_DIGEST: PointsDigest = { high: 0, low: 0 };

const PRIME = 16777619;
const HIGH_OFFSET = 0x811c9dc5;
// Any second basis gives an independent lane; this one is the first, bit-reversed.
const LOW_OFFSET = 0xa3b93881;

/** The bits of a NaN are the engine's choice unless they are written as such. */
const QUIET_NAN = 0x7ff8000000000000n;

const encoder = new TextEncoder();
const double = new DataView(new ArrayBuffer(8));

/** The digest of `digest`'s points and `point`. */
export function addToDigest(digest: PointsDigest, point: Omit<Point, 'time'>): PointsDigest {
  let high = HIGH_OFFSET;
  let low = LOW_OFFSET;
  const eat = (byte: number): void => {
    high = Math.imul(high ^ byte, PRIME);
    low = Math.imul(low ^ byte, PRIME);
  };
  const eatDouble = (value: number): void => {
    if (Number.isNaN(value)) double.setBigUint64(0, QUIET_NAN, true);
    else double.setFloat64(0, value + 0, true);
    for (let i = 0; i < 8; i++) eat(double.getUint8(i));
  };
  eatDouble(point.seq);
  eatDouble(point.step);
  eatDouble(point.epoch);
  for (const name of Object.keys(point.values).sort(compareCodePoints)) {
    for (const byte of encoder.encode(name)) eat(byte);
    eat(0);
    eatDouble(point.values[name] ?? Number.NaN);
  }
  return { high: (digest.high ^ high) >>> 0, low: (digest.low ^ low) >>> 0 };
}

/** Sixteen lower-case hexadecimal digits. */
export function formatDigest(digest: PointsDigest): string {
  return hex32(digest.high) + hex32(digest.low);
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** UTF-16 units in the order of the code points that they begin: surrogates after all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
