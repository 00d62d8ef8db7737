import { generatorFor } from '../numeric/generator.ts';
import { absorb, hashText, wordOf } from '../numeric/hash.ts';
import { buildConfiguration } from '../space/configuration.ts';
import type { Configuration, ParameterValue } from '../space/dimension.ts';
import { valueAt } from '../space/domain.ts';
import { findWithin } from '../space/feasible.ts';
import type { ParameterLimit } from '../space/limits.ts';
import type { Space, SpaceDimension } from '../space/space.ts';
import type { Algorithm } from './algorithm.ts';
import type { Problem } from './problem.ts';

const PURPOSE = hashText('random');

/** Independent uniform draws, each on its dimension's own scale. */
export const random: Algorithm = {
  name: 'random',
  version: 1,
  usesHistory: false,
  usesSeed: true,
  check: () => [],
  propose: (problem, _history, index) => ({
    kind: 'proposed',
    configuration: drawWithin(problem, index),
  }),
};

/**
 * The random configuration of an index. Each dimension has a stream keyed by its name, so adding or
 * moving one changes no value of another.
 *
 * @param attempt Another draw for the same index.
 */
export function drawConfiguration(
  space: Space,
  seed: number,
  index: number,
  attempt = 0,
): Configuration {
  return buildConfiguration(space, (dimension) => drawValue(dimension, seed, index, attempt));
}

/** The value of one dimension in {@link drawConfiguration}. */
export function drawValue(
  { domain, key }: SpaceDimension,
  seed: number,
  index: number,
  attempt: number,
): ParameterValue {
  if (domain.kind === 'list' && domain.size === 1) return valueAt(domain, 0);
  const purpose = attempt === 0 ? PURPOSE : absorb(PURPOSE, wordOf(attempt));
  return valueAt(domain, generatorFor(seed, index, absorb(purpose, key)).nextUnit());
}

/** A random configuration that fulfils the limits of a problem. */
export function drawWithin({ space, seed, limits }: Problem, index: number): Configuration {
  const draw = (attempt: number) => drawConfiguration(space, seed, index, attempt);
  return orAny(space, limits, findWithin(space, limits, draw));
}

/** Where nothing better was found, the configuration with which `checkLimits` proved that there is one. */
export function orAny(
  space: Space,
  limits: readonly ParameterLimit[] | undefined,
  found: Configuration | undefined,
): Configuration {
  const configuration = found ?? anyWithin(space, limits ?? []);
  if (configuration === undefined) throw new RangeError('no configuration fulfils the limits');
  return configuration;
}

/** Some configuration that fulfils the limits, the same for every seed; `undefined` if none was found. */
export function anyWithin(
  space: Space,
  limits: readonly ParameterLimit[],
): Configuration | undefined {
  return findWithin(space, limits, (attempt) => drawConfiguration(space, 0, attempt));
}
