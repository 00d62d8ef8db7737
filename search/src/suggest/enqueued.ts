import { buildConfiguration } from '../space/configuration.ts';
import type { Configuration, ParameterValue } from '../space/dimension.ts';
import { findWithin } from '../space/feasible.ts';
import type { ParameterLimit } from '../space/limits.ts';
import type { ProblemIssue } from './algorithm.ts';
import type { Problem } from './problem.ts';
import { drawValue } from './random.ts';

/**
 * An enqueued configuration made whole: what it gives, then what the algorithm proposed for this index,
 * and a random value where a given one makes a parameter active. If limits do not hold with that, what
 * is not given is drawn at random.
 *
 * @returns `undefined` if the limits hold with nothing that was tried.
 */
export function completed(
  { space, seed, limits }: Problem,
  given: Configuration,
  proposed: Configuration,
  index: number,
): Configuration | undefined {
  return findWithin(
    space,
    limits,
    (attempt) =>
      buildConfiguration(space, (dimension) => {
        const { name } = dimension;
        const other = attempt === 0 ? ownValue(proposed, name) : undefined;
        return ownValue(given, name) ?? other ?? drawValue(dimension, seed, index, attempt);
      }),
    { fixed: new Set(Object.keys(given)) },
  );
}

/** What was found: saves work, and no answer depends on it. */
const CHECKED = new WeakMap<
  readonly Configuration[],
  { readonly limits: readonly ParameterLimit[]; readonly issues: readonly ProblemIssue[] }
>();

/** Enqueued configurations that the limits rule out, whatever the rest of them is. */
export function checkEnqueued(problem: Problem): readonly ProblemIssue[] {
  const { limits, enqueued } = problem;
  if (limits === undefined || enqueued === undefined) return [];
  const known = CHECKED.get(enqueued);
  if (known?.limits === limits) return known.issues;
  const issues = enqueued.flatMap((given, at): ProblemIssue[] => {
    if (completed(problem, given, {}, at) !== undefined) return [];
    const message =
      'no configuration with these values was found that fulfils parameterConstraints';
    return [{ field: 'enqueued', code: 'enqueued-not-feasible', at, message }];
  });
  CHECKED.set(enqueued, { limits, issues });
  return issues;
}

function ownValue(configuration: Configuration, name: string): ParameterValue | undefined {
  return Object.hasOwn(configuration, name) ? configuration[name] : undefined;
}
