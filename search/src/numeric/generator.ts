import { keyOf, mix64, nextState, type Word64 } from './hash.ts';

/** A stream of random bits; the only mutable thing in this package, and never kept or shared. */
export interface Generator {
  /** The next 32 bits, as an unsigned number. */
  next32(): number;
  /** The next number in [0, 1), a multiple of 2^-53. */
  nextUnit(): number;
}

type State = [number, number, number, number];

/**
 * xoshiro128**, whose period is 2^128 - 1; all-zero state is the one fixed point and is refused.
 *
 * @see Blackman, Vigna, "Scrambled Linear Pseudorandom Number Generators" (2018).
 */
export function xoshiro128(a: number, b: number, c: number, d: number): Generator {
  if ((a | b | c | d) === 0) throw new RangeError('the state must not be all zero');
  const state: State = [a | 0, b | 0, c | 0, d | 0];
  const next32 = () => step(state);
  return {
    next32,
    nextUnit() {
      const high = next32() >>> 5;
      const low = next32() >>> 6;
      return (high * 67108864 + low) / 9007199254740992;
    },
  };
}

function step(state: State): number {
  const [a, b, c, d] = state;
  const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
  const shifted = b << 9;
  const third = c ^ a;
  const fourth = d ^ b;
  state[1] = b ^ third;
  state[0] = a ^ fourth;
  state[2] = third ^ shifted;
  state[3] = rotateLeft(fourth, 11);
  return result;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The generator of one purpose: the same (seed, index, purpose) always gives the same stream. */
export function generatorFor(seed: number, index: number, purpose: Word64): Generator {
  const first = nextState(keyOf(seed, index, purpose));
  const second = nextState(first);
  const left = mix64(first);
  const right = mix64(second);
  // mix64 is a bijection and the two states differ, so not both words can be zero.
  return xoshiro128(left.hi, left.lo, right.hi, right.lo);
}
