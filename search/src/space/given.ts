import type { Configuration } from './dimension.ts';
import { isInDomain } from './domain.ts';
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
