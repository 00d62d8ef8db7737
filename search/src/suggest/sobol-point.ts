import type { Word64 } from '../numeric/hash.ts';
import { SOBOL_BITS, SOBOL_VECTORS } from './sobol-directions.ts';

/**
 * Coordinate of a point of the unscrambled sequence, as 32 binary digits after the point: the
 * exclusive or of the direction vectors at the set bits of `index`.
 */
export function sobolCoordinate(index: number, dimension: number): number {
  const first = dimension * SOBOL_BITS;
  let bits = 0;
  let rest = index >>> 0;
  for (let k = 0; rest !== 0; k++, rest >>>= 1) {
    if ((rest & 1) === 1) bits ^= SOBOL_VECTORS[first + k] as number;
  }
  return bits >>> 0;
}

/**
 * Owen's nested uniform scramble by hashing: whether a digit flips depends on the key and on all
 * digits above it, and on nothing below; so equal parts go to equal parts, and every net stays one.
 *
 * The digits are reversed, since carries run from the lowest bit upwards: adding, multiplying by an
 * odd number, and x ^= x * even all let a bit depend on the bits below it only.
 *
 * @see Laine, Karras, "Stratified sampling for stochastic transparency" (2011); Burley, "Practical
 * hash-based Owen scrambling" (2020); the multipliers are Vegdahl's.
 */
export function scramble(digits: number, key: Word64): number {
  let x = reverseBits(digits);
  x ^= Math.imul(x, 0x3d20adea);
  x = (x + key.lo) | 0;
  x = Math.imul(x, key.hi | 1);
  x ^= Math.imul(x, 0x05526c56);
  x ^= Math.imul(x, 0x53a22864);
  return reverseBits(x);
}

function reverseBits(word: number): number {
  let x = word;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}
