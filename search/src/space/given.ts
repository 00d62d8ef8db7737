import { buildConfiguration } from './configuration.ts';
import type { Configuration } from './dimension.ts';
import { isInDomain, valueAt, valueNumber } from './domain.ts';
import type { Space } from './space.ts';
import { describeValue } from './space-problem.ts';

/** Something wrong with one value of a configuration that is given in part. */
export interface GivenProblem {
  readonly parameter: string;
  readonly message: string;
}

/**
 * What keeps values from being part of a configuration of the space. A parameter with a condition can
 * only be given together with the parent value that makes it active.
 */
export function checkGiven(space: Space, given: Configuration): readonly GivenProblem[] {
  return Object.entries(given).flatMap(([parameter, value]): GivenProblem[] => {
    const problem = (message: string) => [{ parameter, message }];
    const dimension = space.dimensions.find(({ name }) => name === parameter);
    if (dimension === undefined) return problem(`"${parameter}" is not declared`);
    const { domain, condition } = dimension;
    if (!isInDomain(domain, value)) {
      return problem(`"${parameter}" cannot be ${describeValue(value)}`);
    }
    if (condition === undefined) return [];
    const parent = space.dimensions[condition.parent]?.name ?? '';
    const own = Object.hasOwn(given, parent) ? given[parent] : undefined;
    if (own === undefined) {
      return problem(`"${parameter}" depends on "${parent}", which must be given too`);
    }
    if (condition.values.has(own)) return [];
    return problem(`"${parameter}" is not active with "${parent}" = ${describeValue(own)}`);
  });
}

/**
 * The configuration that values from elsewhere make in this space: names that are not active in it are
 * left out, fixed parameters have their value here.
 *
 * @returns `undefined` if an active parameter has no value, or one that its domain does not have.
 */
export function restrictTo(space: Space, values: Configuration): Configuration | undefined {
  let isWhole = true;
  const configuration = buildConfiguration(space, ({ name, domain }) => {
    if (domain.kind === 'list' && domain.size === 1) return valueNumber(domain, 0);
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined && isInDomain(domain, value)) return value;
    isWhole = false;
    return valueAt(domain, 0);
  });
  return isWhole ? configuration : undefined;
}
