import { type LimitTerm, type ParameterLimit, power } from '../space/limits.ts';
import type { Space, SpaceDimension } from '../space/space.ts';
import type { ProblemIssue } from './algorithm.ts';
import { anyWithin } from './random.ts';

/** What was found for the limits of a problem: saves work, and no answer depends on it. */
const CHECKED = new WeakMap<readonly ParameterLimit[], { space: Space; issues: ProblemIssue[] }>();

/** What stands against limits: names, types, and whether any configuration fulfils all of them. */
export function checkLimits(
  space: Space,
  limits: readonly ParameterLimit[] | undefined,
): readonly ProblemIssue[] {
  if (limits === undefined || limits.length === 0) return [];
  const known = CHECKED.get(limits);
  if (known?.space === space) return known.issues;
  const issues = limits.flatMap((limit, at) => checkLimit(space, limit, at));
  if (issues.length === 0 && anyWithin(space, limits) === undefined) {
    const message = 'no configuration was found that fulfils all of them together';
    issues.push({ field: 'limits', code: 'limits-not-feasible', message });
  }
  CHECKED.set(limits, { space, issues });
  return issues;
}

function checkLimit(space: Space, limit: ParameterLimit, at: number): ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  const report = (code: ProblemIssue['code'], message: string, term?: number) =>
    issues.push({ field: 'limits', code, at, message, ...(term === undefined ? {} : { term }) });
  const ranges = limit.terms.map((term, position): readonly [number, number] | undefined => {
    const dimension = space.dimensions.find(({ name }) => name === term.parameter);
    const name = `"${term.parameter}"`;
    if (dimension === undefined) {
      report('limit-unknown', `${name} is not declared`, position);
      return undefined;
    }
    const range = rangeOf(dimension);
    if (range === undefined) {
      report('limit-not-numeric', `${name} is not a number`, position);
    } else if (limit.kind === 'product' && !(range[0] > 0)) {
      report('limit-not-positive', `${name} can be 0 or less, which has no product`, position);
    } else if (!Number.isFinite(term.by) || term.by === 0) {
      const what = limit.kind === 'sum' ? 'weight' : 'exponent';
      report('limit-factor', `the ${what} of ${name} is ${term.by}`, position);
    } else if (limit.terms.findIndex(({ parameter }) => parameter === term.parameter) < position) {
      report('limit-twice', `${name} is listed twice`, position);
    } else {
      return scaled(limit, term, range, dimension);
    }
    return undefined;
  });
  const known = ranges.filter((range) => range !== undefined);
  if (known.length < ranges.length) return issues;
  const combine = (end: 0 | 1) =>
    known.reduce(
      (total, range) => (limit.kind === 'sum' ? total + range[end] : total * range[end]),
      limit.kind === 'sum' ? 0 : 1,
    );
  const [least, most] = [combine(0), combine(1)];
  const { min, max } = limit;
  const what = `the ${limit.kind} is`;
  if (max !== undefined && least > max) report('limit-never', `${what} at least ${least}`);
  else if (min !== undefined && most < min) report('limit-never', `${what} at most ${most}`);
  return issues;
}

/** The ends of what one term contributes; that of a parameter that may be inactive spans nothing too. */
function scaled(
  { kind }: ParameterLimit,
  { by }: LimitTerm,
  [low, high]: readonly [number, number],
  { condition }: SpaceDimension,
): readonly [number, number] {
  const ends = kind === 'sum' ? [by * low, by * high] : [power(low, by), power(high, by)];
  if (condition !== undefined) ends.push(kind === 'sum' ? 0 : 1);
  return [Math.min(...ends), Math.max(...ends)];
}

function rangeOf({ domain }: SpaceDimension): readonly [number, number] | undefined {
  if (domain.kind !== 'list') return [domain.min, domain.max];
  const numbers = domain.values.filter((value) => typeof value === 'number');
  if (numbers.length < domain.size) return undefined;
  return [Math.min(...numbers), Math.max(...numbers)];
}
