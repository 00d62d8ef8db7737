import { absorb, hashText, keyOf, wordOf } from '../numeric/hash.ts';
import { buildConfiguration } from '../space/configuration.ts';
import type { Configuration } from '../space/dimension.ts';
import { valueAt } from '../space/domain.ts';
import { findWithin } from '../space/feasible.ts';
import { type Space, varyingDimensions } from '../space/space.ts';
import type { Algorithm } from './algorithm.ts';
import { orAny } from './random.ts';
import { SOBOL_DIMENSIONS } from './sobol-directions.ts';
import { scramble, sobolCoordinate } from './sobol-point.ts';

const SCRAMBLE = hashText('sobol-scramble');
const BELOW = hashText('sobol-below');
const POINTS = 2 ** 32;
/**
 * Where limits rule out a point, the one so many further is tried: no other index below 2^20 takes it.
 */
const APART = 2 ** 20;

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
  propose: ({ space, seed, limits }, _history, index) => {
    if (index >= POINTS) return { kind: 'exhausted', reason: 'a Sobol sequence has 2^32 points' };
    const coordinates = coordinatesOf(space);
    const draw = (attempt: number) =>
      configurationOf(space, coordinates, sobolPoint(seed, (index + attempt * APART) % POINTS));
    return {
      kind: 'proposed',
      configuration: orAny(space, limits, findWithin(space, limits, draw)),
    };
  },
};

function configurationOf(
  space: Space,
  coordinates: readonly (number | undefined)[],
  unit: (coordinate: number) => number,
): Configuration {
  return buildConfiguration(space, (dimension) => {
    const coordinate = coordinates[dimension.index];
    return valueAt(dimension.domain, coordinate === undefined ? 0 : unit(coordinate));
  });
}

/** The coordinate of each dimension, by its position; `undefined` for one that does not vary. */
function coordinatesOf(space: Space): readonly (number | undefined)[] {
  const coordinates: (number | undefined)[] = new Array(space.dimensions.length);
  for (const [coordinate, { index }] of varyingDimensions(space).entries()) {
    coordinates[index] = coordinate;
  }
  return coordinates;
}

/** Point `index`, scrambled by the seed: gives each coordinate as a number in [0, 1). */
export function sobolPoint(seed: number, index: number): (coordinate: number) => number {
  const seeded = absorb(SCRAMBLE, wordOf(seed));
  const below = keyOf(seed, index, BELOW);
  return (coordinate) => {
    const word = wordOf(coordinate);
    const high = scramble(sobolCoordinate(index, coordinate), absorb(seeded, word));
    // A scramble of infinitely many digits is random below the 32 that the points have.
    const low = absorb(below, word).lo >>> 11;
    return (high * 2097152 + low) / 9007199254740992;
  };
}
