import { isInSpace } from './configuration.ts';
import type { Configuration } from './dimension.ts';
import { type Domain, numberOfValue, valueNumber } from './domain.ts';
import {
  fulfils,
  type LimitTerm,
  limitValue,
  type ParameterLimit,
  power,
  totalMiss,
} from './limits.ts';
import type { Space } from './space.ts';
import { unitDomain } from './unit.ts';

const MOST_DRAWS = 1000;
const REPAIRED_DRAWS = 64;
const SWEEPS = 20;
const NONE: ReadonlySet<string> = new Set();

interface FindOptions {
  /** Names of parameters that are not moved. */
  readonly fixed?: ReadonlySet<string>;
  /** Fewer draws, where one takes long. */
  readonly mostDraws?: number;
}

/**
 * A configuration that fulfils the limits, the same for the same draws: the first of a thousand draws
 * that does, else what is reached from one of the first 64 by moving one parameter after the other.
 *
 * @returns `undefined` if none was found; that proves nothing, but for all practical purposes there
 * is none.
 */
export function findWithin(
  space: Space,
  limits: readonly ParameterLimit[] | undefined,
  draw: (attempt: number) => Configuration,
  { fixed = NONE, mostDraws = MOST_DRAWS }: FindOptions = {},
): Configuration | undefined {
  if (limits === undefined || limits.length === 0) return draw(0);
  const drawn: Configuration[] = [];
  for (let attempt = 0; attempt < mostDraws; attempt++) {
    const configuration = draw(attempt);
    if (fulfils(limits, configuration)) return configuration;
    if (attempt < REPAIRED_DRAWS) drawn.push(configuration);
  }
  for (const configuration of drawn) {
    const repaired = repair(space, limits, configuration, fixed);
    if (repaired !== undefined) return repaired;
  }
  return undefined;
}

/**
 * A configuration near a given one that fulfils the limits: one numeric parameter after the other takes
 * the value that misses them least, of equally good ones the nearest.
 *
 * @returns `undefined` if moving single parameters does not reach one.
 */
export function repair(
  space: Space,
  limits: readonly ParameterLimit[],
  from: Configuration,
  fixed: ReadonlySet<string> = NONE,
): Configuration | undefined {
  let values = from;
  let miss = totalMiss(limits, values);
  for (let sweep = 0; sweep < SWEEPS && miss > 0; sweep++) {
    const before = miss;
    for (const { name, domain } of space.dimensions) {
      if (miss === 0) break;
      if (fixed.has(name)) continue;
      for (const candidate of candidates(limits, values, name, domain)) {
        const moved = { ...values, [name]: candidate };
        const next = totalMiss(limits, moved);
        if (next < miss) [values, miss] = [moved, next];
      }
    }
    if (miss >= before) return undefined;
  }
  // Children of what moved may have come or gone.
  const isWhole = miss === 0 && isInSpace(space, values) && fulfils(limits, values);
  return isWhole ? values : undefined;
}

/** Values of one parameter at which some limit is just met, and its ends, the nearest first. */
function candidates(
  limits: readonly ParameterLimit[],
  values: Configuration,
  name: string,
  domain: Domain,
): readonly number[] {
  const own = Object.hasOwn(values, name) ? values[name] : undefined;
  if (typeof own !== 'number') return [];
  const found: number[] = [];
  for (const limit of limits) {
    const term = limit.terms.find(({ parameter }) => parameter === name);
    const total = limitValue(limit, values);
    if (term === undefined || total === undefined) continue;
    for (const bound of [limit.min, limit.max]) {
      if (bound === undefined) continue;
      found.push(...nearby(domain, solve(limit.kind, term, own, total, bound)));
    }
  }
  if (found.length > 0) found.push(...nearby(domain, -Infinity), ...nearby(domain, Infinity));
  return found.sort((a, b) => Math.abs(a - own) - Math.abs(b - own) || a - b);
}

/** The value with which the sum or product is `bound`. */
function solve(
  kind: ParameterLimit['kind'],
  { by }: LimitTerm,
  own: number,
  total: number,
  bound: number,
): number {
  return kind === 'sum' ? own + (bound - total) / by : own * power(bound / total, 1 / by);
}

/** Values of the domain about a number, on both sides of it. */
function nearby(domain: Domain, value: number): readonly number[] {
  if (Number.isNaN(value)) return [];
  if (domain.kind === 'list') return domain.values.filter((one) => typeof one === 'number');
  const clamped = Math.min(Math.max(value, domain.min), domain.max);
  if (domain.kind === 'continuous') {
    // The bound itself may be missed by rounding.
    const slack = 1e-12 * Math.max(Math.abs(clamped), domain.max / 2 - domain.min / 2);
    return [clamped, clamped - slack, clamped + slack].map(
      (x) => Math.min(Math.max(x, domain.min), domain.max) + 0,
    );
  }
  const { fromUnit, toUnit } = unitDomain(domain);
  const number = numberOfValue(domain, fromUnit(toUnit(clamped)));
  return [number - 1, number, number + 1]
    .filter((position) => position >= 0 && position < domain.size)
    .map((position) => valueNumber(domain, position) as number);
}
