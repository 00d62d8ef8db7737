import { absorb, hashText, keyOf, wordOf } from '../numeric/hash.ts';
import { buildConfiguration } from '../space/configuration.ts';
import { valueAt } from '../space/domain.ts';
import { varyingDimensions } from '../space/space.ts';
import type { Algorithm } from './algorithm.ts';
import { SOBOL_DIMENSIONS } from './sobol-directions.ts';
import { scramble, sobolCoordinate } from './sobol-point.ts';

const SCRAMBLE = hashText('sobol-scramble');
const BELOW = hashText('sobol-below');
const POINTS = 2 ** 32;

/**
 * Scrambled Sobol points, one per index: any 2^k consecutive ones from a multiple of 2^k on fall
 * into 2^k different equal parts of every dimension.
 *
 * Coordinates go to the dimensions that vary, in declaration order; a conditional dimension keeps
 * its own whether active or not.
 */
export const sobol: Algorithm = {
  name: 'sobol',
  version: 1,
  usesHistory: false,
  usesSeed: true,
  check: ({ space }) => {
    const tooMany = varyingDimensions(space)[SOBOL_DIMENSIONS];
    if (tooMany === undefined) return [];
    const message = `sobol takes at most ${SOBOL_DIMENSIONS} parameters that vary; "${tooMany.name}" is one more`;
    return [
      { field: 'space', code: 'sobol-too-many-dimensions', dimension: tooMany.name, message },
    ];
  },
  propose: ({ space, seed }, _history, index) => {
    if (index >= POINTS) return { kind: 'exhausted', reason: 'a Sobol sequence has 2^32 points' };
    const coordinates = new Map(varyingDimensions(space).map(({ name }, i) => [name, i]));
    const configuration = buildConfiguration(space, ({ name, domain }) => {
      const coordinate = coordinates.get(name);
      return valueAt(domain, coordinate === undefined ? 0 : sobolUnit(seed, index, coordinate));
    });
    return { kind: 'proposed', configuration };
  },
};

/** Coordinate `dimension` of point `index`, scrambled by the seed: a number in [0, 1). */
export function sobolUnit(seed: number, index: number, dimension: number): number {
  const key = keyOf(seed, dimension, SCRAMBLE);
  const high = scramble(sobolCoordinate(index, dimension), key);
  // A scramble of infinitely many digits is random below the 32 that the points have.
  const low = absorb(keyOf(seed, index, BELOW), wordOf(dimension)).lo >>> 11;
  return (high * 2097152 + low) / 9007199254740992;
}
