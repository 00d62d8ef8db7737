import { exp, log } from '../numeric/log-exp.ts';
import type { Configuration } from './dimension.ts';

/**
 * Bounds on a weighted sum of parameters, or on a product of powers of them. An inactive parameter
 * counts as 0 in a sum and as 1 in a product; if all of them are inactive the limit holds.
 */
export interface ParameterLimit {
  readonly kind: 'sum' | 'product';
  readonly terms: readonly LimitTerm[];
  readonly min?: number;
  readonly max?: number;
}

export interface LimitTerm {
  readonly parameter: string;
  /** The weight in a sum, the exponent in a product. */
  readonly by: number;
}

/** The sum or product; `undefined` if none of its parameters is active. */
export function limitValue(
  limit: ParameterLimit,
  configuration: Configuration,
): number | undefined {
  let total: number | undefined;
  for (const { parameter, by } of limit.terms) {
    const value = Object.hasOwn(configuration, parameter) ? configuration[parameter] : undefined;
    if (typeof value !== 'number') continue;
    if (limit.kind === 'sum') total = (total ?? 0) + by * value;
    else total = (total ?? 1) * power(value, by);
  }
  return total;
}

/** Whether every limit holds, its bounds included. */
export function fulfils(
  limits: readonly ParameterLimit[] | undefined,
  configuration: Configuration,
): boolean {
  return limits?.every((limit) => missOf(limit, limitValue(limit, configuration)) === 0) ?? true;
}

/** By how much limits are missed in all, relative to the size of their bounds; 0 = all hold. */
export function totalMiss(limits: readonly ParameterLimit[], configuration: Configuration): number {
  return limits.reduce((sum, limit) => sum + missOf(limit, limitValue(limit, configuration)), 0);
}

function missOf({ min, max }: ParameterLimit, value: number | undefined): number {
  if (value === undefined) return 0;
  if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
  if (max !== undefined && value > max) return (value - max) / (1 + Math.abs(max));
  return min !== undefined && value < min ? (min - value) / (1 + Math.abs(min)) : 0;
}

/** Whole powers by multiplication, so that a product of whole numbers is exact. */
export function power(value: number, exponent: number): number {
  const size = Math.abs(exponent);
  if (!(Number.isInteger(exponent) && size <= 64)) return exp(exponent * log(value));
  let product = 1;
  for (let i = 0; i < size; i++) product *= value;
  return exponent < 0 ? 1 / product : product;
}
