import type { Configuration, ParameterValue } from './dimension.ts';
import { isInDomain } from './domain.ts';
import type { Space, SpaceDimension } from './space.ts';

/**
 * Builds a configuration root first: `choose` is asked for active dimensions only, each after its
 * parent, and the result holds exactly those, in declaration order.
 */
export function buildConfiguration(
  space: Space,
  choose: (dimension: SpaceDimension) => ParameterValue,
): Configuration {
  const chosen: (ParameterValue | undefined)[] = new Array(space.dimensions.length);
  for (const index of space.order) {
    const dimension = space.dimensions[index] as SpaceDimension;
    if (isActive(dimension, chosen)) chosen[index] = choose(dimension);
  }
  return namedValues(space, chosen);
}

function isActive(
  { condition }: SpaceDimension,
  chosen: readonly (ParameterValue | undefined)[],
): boolean {
  if (condition === undefined) return true;
  const value = chosen[condition.parent];
  return value !== undefined && condition.values.has(value);
}

/** Names the values of the active dimensions, in declaration order; `undefined` means inactive. */
export function namedValues(
  space: Space,
  values: readonly (ParameterValue | undefined)[],
): Configuration {
  const entries: [string, ParameterValue][] = [];
  for (const { index, name } of space.dimensions) {
    const value = values[index];
    if (value !== undefined) entries.push([name, value]);
  }
  // Not by assignment: a parameter may be called __proto__.
  return Object.fromEntries(entries);
}

/** Whether a configuration has exactly the active dimensions, each with a value of its domain. */
export function isInSpace(space: Space, configuration: Configuration): boolean {
  const values = space.dimensions.map(({ name }) =>
    Object.hasOwn(configuration, name) ? configuration[name] : undefined,
  );
  const named = values.filter((value) => value !== undefined).length;
  if (named !== Object.keys(configuration).length) return false;
  return space.dimensions.every((dimension) => {
    const value = values[dimension.index];
    if (!isActive(dimension, values)) return value === undefined;
    return value !== undefined && isInDomain(dimension.domain, value);
  });
}
