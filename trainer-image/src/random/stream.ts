/**
 * A pseudo-random sequence that depends on nothing but its keys.
 *
 * Everything random draws from a stream of its own, named by (seed, purpose, ...keys), so that no
 * draw shifts another one: a resumed run needs counters only, and the number of workers is without
 * influence.
 *
 * The keys are hashed by MurmurHash3's mixing of their UTF-16 units into 128 bits of state; the
 * generator is sfc32.
 *
 * @see Doty-Humphrey, PractRand: sfc32.
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: number, purpose: string, ...keys: readonly (string | number)[]) {
    const text = [seed, purpose, ...keys].join('\u0000');
    this.#a = hash(text, 0x9e3779b9);
    this.#b = hash(text, 0x85ebca6b);
    this.#c = hash(text, 0xc2b2ae35);
    this.#counter = 1;
    // The generator's own advice: its first outputs still show the state it was given.
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A real number in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [0, bound), each equally likely. */
  below(bound: number): number {
    // Draws past the last whole multiple of `bound` would favour the small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % bound;
  }
}

/** The numbers 0 to `length` - 1 in an order drawn from `random` (Fisher and Yates). */
export function permutation(length: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = held;
  }
  return order;
}

function hash(text: string, basis: number): number {
  let state = basis;
  for (let i = 0; i < text.length; i++) {
    state = Math.imul(state ^ text.charCodeAt(i), 0xcc9e2d51);
    state = Math.imul((state << 15) | (state >>> 17), 0x1b873593);
  }
  state ^= text.length;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
