import { exp, log } from '../numeric/log-exp.ts';
import type { DeclaredDomain, ParameterValue, RangeDomain } from './dimension.ts';

/**
 * A declared domain, prepared: what every algorithm draws from.
 *
 * All but `continuous` are numbered 0 .. size - 1, so that grids, neighbours and kernels can work on
 * numbers whatever the type.
 */
export type Domain =
  | {
      readonly kind: 'continuous';
      readonly min: number;
      readonly max: number;
      /** The bounds' logarithms if the range is searched on a log scale. */
      readonly logBounds?: readonly [number, number];
    }
  | {
      readonly kind: 'lattice';
      readonly min: number;
      readonly max: number;
      readonly step: number;
      readonly size: number;
      /** Decimal places of min and step, so that 0.1 + 2 * 0.1 gives 0.3. */
      readonly decimals?: number;
      readonly logBounds?: readonly [number, number];
    }
  | {
      readonly kind: 'list';
      readonly values: readonly ParameterValue[];
      readonly size: number;
      /** Whether neighbours in the list are alike. */
      readonly isOrdered: boolean;
    };

type Lattice = Extract<Domain, { kind: 'lattice' }>;

/** Prepares a domain that `checkSpace` found nothing wrong with. */
export function prepareDomain(declared: DeclaredDomain): Domain {
  switch (declared.kind) {
    case 'fixed':
      return list([declared.value], true);
    case 'ordinal':
      return list(declared.values, true);
    case 'categorical':
      return list(declared.values, false);
    case 'float':
      return declared.step === undefined ? continuous(declared) : lattice(declared, declared.step);
    case 'int':
      return lattice(declared, declared.step ?? 1);
  }
}

function list(values: readonly ParameterValue[], isOrdered: boolean): Domain {
  return { kind: 'list', values: values.map(withoutNegativeZero), size: values.length, isOrdered };
}

function continuous({ min, max, scale }: RangeDomain): Domain {
  const range = { kind: 'continuous', min: min + 0, max: max + 0 } as const;
  return scale === 'log' ? { ...range, logBounds: [log(min), log(max)] } : range;
}

function lattice({ kind, min, max, scale }: RangeDomain, step: number): Domain {
  const places = kind === 'int' ? undefined : sharedDecimals(min, max, step);
  const size = countSteps(min, max, step, places) + 1;
  const domain = { kind: 'lattice', min: min + 0, max: max + 0, step, size } as const;
  // Half a step at each end, so that after rounding the ends are as likely as their neighbours.
  if (scale === 'log') return { ...domain, logBounds: [log(min - 0.5), log(max + 0.5)] };
  return places === undefined ? domain : { ...domain, decimals: places };
}

/** Number of distinct values; Infinity for a continuous range. */
export function domainSize(domain: Domain): number {
  return domain.kind === 'continuous' ? Number.POSITIVE_INFINITY : domain.size;
}

/** The value at `unit` in [0, 1): equal lengths are equally likely on the domain's own scale. */
export function valueAt(domain: Domain, unit: number): ParameterValue {
  switch (domain.kind) {
    case 'continuous':
      return clamp(onScale(domain, unit), domain.min, domain.max);
    case 'lattice':
      if (domain.logBounds !== undefined) {
        return clamp(Math.round(onScale(domain, unit)), domain.min, domain.max);
      }
      // A range of over 2^53 whole numbers has more values than `unit`; some are then never drawn.
      return latticeValue(domain, Math.min(Math.floor(unit * domain.size), domain.size - 1));
    case 'list':
      return domain.values[Math.floor(unit * domain.size)] as ParameterValue;
  }
}

/** The value numbered `position`, from 0 to size - 1. */
export function valueNumber(domain: Domain, position: number): ParameterValue {
  if (domain.kind === 'continuous') throw new RangeError('a continuous range is not numbered');
  if (domain.kind === 'lattice') return latticeValue(domain, position);
  const value = domain.values[position];
  if (value === undefined) throw new RangeError(`no value number ${position} of ${domain.size}`);
  return value;
}

/** The number of a value, or -1 if the domain cannot give it (or is continuous). */
export function numberOfValue(domain: Domain, value: ParameterValue): number {
  if (domain.kind === 'list') return domain.values.indexOf(value);
  if (domain.kind === 'continuous' || typeof value !== 'number') return -1;
  if (!(value >= domain.min && value <= domain.max)) return -1;
  const nearest = Math.round(stepsBetween(domain.min, value, domain.step));
  // Far from min the quotient is rounded and may be one off.
  const last = domain.size - 1;
  const candidates = [nearest, nearest - 1, nearest + 1].map((k) => Math.min(Math.max(k, 0), last));
  return candidates.find((position) => latticeValue(domain, position) === value) ?? -1;
}

export function isInDomain(domain: Domain, value: ParameterValue): boolean {
  if (domain.kind !== 'continuous') return numberOfValue(domain, value) >= 0;
  return typeof value === 'number' && value >= domain.min && value <= domain.max;
}

function onScale(domain: Exclude<Domain, { kind: 'list' }>, unit: number): number {
  if (domain.logBounds !== undefined) {
    const [low, high] = domain.logBounds;
    return exp(low + unit * (high - low));
  }
  const width = domain.max - domain.min;
  // The width of a range such as [-1e308, 1e308] overflows.
  if (width === Number.POSITIVE_INFINITY) return domain.min * (1 - unit) + domain.max * unit;
  return domain.min + unit * width;
}

function latticeValue({ min, max, step, decimals: places }: Lattice, position: number): number {
  return clamp(afterSteps(min, step, position, places), min, max);
}

function afterSteps(min: number, step: number, count: number, places?: number): number {
  // In pieces that stay between min and the result: count * step may pass 2^53, or the largest
  // number, where min + count * step does not.
  const quarter = Math.floor(count / 4);
  const piece = quarter * step;
  let value = min + piece + piece + piece + piece;
  for (let rest = count - 4 * quarter; rest > 0; rest--) value += step;
  return places === undefined ? value : Number(value.toFixed(places));
}

function countSteps(min: number, max: number, step: number, places: number | undefined): number {
  const ratio = stepsBetween(min, max, step);
  const steps = Math.floor(ratio);
  const isExact = places !== undefined || [min, max, step].every(Number.isSafeInteger);
  if (!isExact) return ratio - steps > 1 - 1e-9 ? steps + 1 : steps;
  // (0.3 - 0.1) / 0.1 is 1.9999999999999998, and (2^54 - 2) / 3 is rounded up: look at the values.
  if (afterSteps(min, step, steps, places) > max) return steps - 1;
  return afterSteps(min, step, steps + 1, places) <= max ? steps + 1 : steps;
}

function stepsBetween(from: number, to: number, step: number): number {
  const width = to - from;
  return width === Number.POSITIVE_INFINITY ? to / step - from / step : width / step;
}

/** Decimal places that hold every value of the lattice exactly enough, if there are any. */
function sharedDecimals(min: number, max: number, step: number): number | undefined {
  const places = Math.max(decimalPlaces(min), decimalPlaces(step));
  const largest = Math.max(Math.abs(min), Math.abs(max));
  return places <= 22 && largest * 10 ** places < 2 ** 53 ? places : undefined;
}

function decimalPlaces(value: number): number {
  const [digits = '', exponent = '0'] = String(value).split('e');
  const fraction = digits.split('.')[1]?.length ?? 0;
  return Math.max(0, fraction - Number(exponent));
}

function clamp(value: number, min: number, max: number): number {
  // Adding 0 turns -0 into 0: JSON has no -0, so a record could not give it back.
  return Math.min(Math.max(value, min), max) + 0;
}

function withoutNegativeZero(value: ParameterValue): ParameterValue {
  return typeof value === 'number' ? value + 0 : value;
}
