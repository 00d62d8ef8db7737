/**
 * SplitMix64 in 32-bit pieces: the hash that turns (seed, index, purpose) into random streams.
 *
 * Only integer operations are used, so every engine gives the same bits. BigInt would read better
 * and costs twenty times as much. A 64-bit word is a pair {hi, lo} of unsigned 32-bit numbers.
 *
 * @see Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014).
 */
export interface Word64 {
  readonly hi: number;
  readonly lo: number;
}

const GAMMA: Word64 = { hi: 0x9e3779b9, lo: 0x7f4a7c15 };
const MIX_1: Word64 = { hi: 0xbf58476d, lo: 0x1ce4e5b9 };
const MIX_2: Word64 = { hi: 0x94d049bb, lo: 0x133111eb };
const TWO_32 = 4294967296;

function add(a: Word64, b: Word64): Word64 {
  const lo = a.lo + b.lo;
  return { hi: (a.hi + b.hi + (lo >= TWO_32 ? 1 : 0)) >>> 0, lo: lo >>> 0 };
}

function multiply(a: Word64, b: Word64): Word64 {
  // High half of lo * lo from 16-bit pieces: each sum below stays under 2^53.
  const aLow = a.lo & 0xffff;
  const aHigh = a.lo >>> 16;
  const bLow = b.lo & 0xffff;
  const bHigh = b.lo >>> 16;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65536);
  const carry = Math.floor((aLow * bHigh + (middle % 65536)) / 65536);
  const high = aHigh * bHigh + Math.floor(middle / 65536) + carry;
  const cross = Math.imul(a.hi, b.lo) + Math.imul(a.lo, b.hi);
  return { hi: (high + cross) >>> 0, lo: Math.imul(a.lo, b.lo) >>> 0 };
}

function xorShift(word: Word64, bits: number): Word64 {
  return {
    hi: (word.hi ^ (word.hi >>> bits)) >>> 0,
    lo: (word.lo ^ ((word.lo >>> bits) | (word.hi << (32 - bits)))) >>> 0,
  };
}

/** SplitMix64's finaliser: a bijection of 64-bit words in which every input bit reaches every output bit. */
export function mix64(word: Word64): Word64 {
  const first = multiply(xorShift(word, 30), MIX_1);
  return xorShift(multiply(xorShift(first, 27), MIX_2), 31);
}

/** The state after one step of SplitMix64; its output is `mix64` of it. */
export function nextState(state: Word64): Word64 {
  return add(state, GAMMA);
}

/** A safe integer as a 64-bit word in two's complement. */
export function wordOf(value: number): Word64 {
  return { hi: Math.floor(value / TWO_32) >>> 0, lo: value >>> 0 };
}

/** Folds a word into a hash; order matters: absorb(absorb(h, a), b) differs from (b, a). */
export function absorb(hash: Word64, word: Word64): Word64 {
  return mix64(nextState({ hi: (hash.hi ^ word.hi) >>> 0, lo: (hash.lo ^ word.lo) >>> 0 }));
}

/** Hash of a text by its UTF-16 code units; the length goes first so that no text is a prefix. */
export function hashText(text: string): Word64 {
  let hash = absorb({ hi: 0, lo: 0 }, wordOf(text.length));
  for (let i = 0; i < text.length; i += 2) {
    const second = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    hash = absorb(hash, { hi: text.charCodeAt(i), lo: second });
  }
  return hash;
}

/** The key of one purpose of one index of one seed; `purpose` is a `hashText`, computed once. */
export function keyOf(seed: number, index: number, purpose: Word64): Word64 {
  const seeded = absorb(purpose, wordOf(seed));
  return absorb(seeded, wordOf(index));
}
