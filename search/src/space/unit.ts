import { log } from '../numeric/log-exp.ts';
import type { ParameterValue } from './dimension.ts';
import { type Domain, valueAt } from './domain.ts';

/**
 * A domain as models see it: numbers in [0, 1] on the domain's own scale, or, without an order, the
 * value's number.
 */
export interface UnitDomain {
  readonly domain: Domain;
  /** Number of values without an order; 0 where neighbours are alike. */
  readonly choices: number;
  /** The coordinate of a value; NaN if it is no value of this kind, clamped if out of bounds. */
  readonly toUnit: (value: ParameterValue | undefined) => number;
  /** The value nearest to a coordinate. */
  readonly fromUnit: (unit: number) => ParameterValue;
  /**
   * Of a numbered domain: the coordinates that give the same value as this one, all of which then
   * count as one point. `undefined` for a continuous domain.
   */
  readonly cellOf: ((value: ParameterValue) => readonly [number, number]) | undefined;
}

const BELOW_ONE = 1 - 2 ** -53;

export function unitDomain(domain: Domain): UnitDomain {
  switch (domain.kind) {
    case 'continuous':
      return { ...continuousUnit(domain), domain, choices: 0, cellOf: undefined };
    case 'lattice':
      return domain.logBounds === undefined
        ? numberedUnit(domain, domain.size, (value) => latticeNumber(domain, value))
        : logLatticeUnit(domain, domain.logBounds);
    case 'list': {
      const numbers = new Map(domain.values.map((value, number) => [value, number]));
      const numberOf = (value: ParameterValue | undefined) =>
        numbers.get(value as ParameterValue) ?? Number.NaN;
      if (domain.isOrdered) return numberedUnit(domain, domain.size, numberOf);
      return {
        domain,
        choices: domain.size,
        toUnit: numberOf,
        fromUnit: (unit) => domain.values[unit] as ParameterValue,
        cellOf: undefined,
      };
    }
  }
}

type Continuous = Extract<Domain, { kind: 'continuous' }>;
type Lattice = Extract<Domain, { kind: 'lattice' }>;

function continuousUnit(domain: Continuous): Pick<UnitDomain, 'toUnit' | 'fromUnit'> {
  const { min, max, logBounds } = domain;
  const fromUnit = (unit: number) => valueAt(domain, unit);
  if (logBounds !== undefined) {
    const [low, high] = logBounds;
    return { fromUnit, toUnit: (value) => share(positiveLog(value), low, high) };
  }
  // The width of a range such as [-1e308, 1e308] overflows; that of its half does not.
  const factor = max - min === Number.POSITIVE_INFINITY ? 0.5 : 1;
  return {
    fromUnit,
    toUnit: (value) => share(numberOr(value) * factor, min * factor, max * factor),
  };
}

function numberedUnit(
  domain: Domain,
  size: number,
  numberOf: (value: ParameterValue | undefined) => number,
): UnitDomain {
  const toUnit = (value: ParameterValue | undefined) => (numberOf(value) + 0.5) / size;
  const half = 0.5 / size;
  return {
    domain,
    choices: 0,
    toUnit,
    fromUnit: (unit) => valueAt(domain, Math.min(unit, BELOW_ONE)),
    cellOf: (value) => {
      const unit = toUnit(value);
      return [unit - half, unit + half];
    },
  };
}

function logLatticeUnit(domain: Lattice, [low, high]: readonly [number, number]): UnitDomain {
  return {
    domain,
    choices: 0,
    toUnit: (value) => share(positiveLog(value), low, high),
    fromUnit: (unit) => valueAt(domain, unit),
    cellOf: (value) => {
      const number = numberOr(value);
      return [share(log(number - 0.5), low, high), share(log(number + 0.5), low, high)];
    },
  };
}

/** Number of the lattice point near a value; beyond 2^53 values one beside it will do. */
function latticeNumber({ min, step, size }: Lattice, value: ParameterValue | undefined) {
  const number = numberOr(value);
  const width = number - min;
  const steps = width === Number.POSITIVE_INFINITY ? number / step - min / step : width / step;
  return Math.min(Math.max(Math.round(steps), 0), size - 1);
}

function numberOr(value: ParameterValue | undefined): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function positiveLog(value: ParameterValue | undefined): number {
  return typeof value === 'number' && value > 0 ? log(value) : Number.NaN;
}

function share(value: number, low: number, high: number): number {
  // Bounds may be so near that their logarithms are one number.
  const unit = high > low ? (value - low) / (high - low) : value - low + 0.5;
  return Math.min(Math.max(unit, 0), 1);
}
