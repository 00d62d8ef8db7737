import { createRandom } from '../../kit/random.ts';

/** A stream of numbers in [0, 1) from a text, so that each use has one of its own. */
export function streamOf(key: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) state = Math.imul(state ^ key.charCodeAt(i), 0x01000193);
  return createRandom(state);
}

/** A standard normal number (Box and Muller, 1958). */
export function normalFrom(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
