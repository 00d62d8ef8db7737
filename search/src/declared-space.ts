import type { Configuration, Dimension, ParameterValue, RangeDomain } from './space/dimension.ts';

// Written from the declaration alone, apart from the code that draws the values.

/** @throws {Error} saying why a value is none of the dimension's. */
export function assertInDeclared(dimension: Dimension, value: ParameterValue): void {
  const why = reasonOutside(dimension, value);
  if (why !== undefined) {
    throw new Error(`${JSON.stringify(dimension)} gave ${String(value)}: ${why}`);
  }
}

function reasonOutside(dimension: Dimension, value: ParameterValue): string | undefined {
  switch (dimension.kind) {
    case 'fixed':
      return value === dimension.value ? undefined : 'not the fixed value';
    case 'ordinal':
    case 'categorical': {
      const listed: readonly ParameterValue[] = dimension.values;
      return listed.includes(value) ? undefined : 'not listed';
    }
    case 'float':
    case 'int':
      return typeof value === 'number' ? reasonOffRange(dimension, value) : 'not a number';
  }
}

function reasonOffRange({ kind, min, max, step }: RangeDomain, value: number): string | undefined {
  if (!(value >= min && value <= max)) return 'out of bounds';
  if (Object.is(value, -0)) return 'negative zero';
  if (kind === 'int') {
    if (!Number.isSafeInteger(value)) return 'not a safe integer';
    const remainder = (BigInt(value) - BigInt(min)) % BigInt(step ?? 1);
    return remainder === 0n ? undefined : 'off the steps';
  }
  if (step === undefined) return undefined;
  const steps = (value - min) / step;
  const isOff = Math.abs(steps - Math.round(steps)) > 1e-9 * Math.max(1, steps);
  return isOff ? 'off the steps' : undefined;
}

export function isDeclaredActive(
  dimension: Dimension,
  dimensions: readonly Dimension[],
  configuration: Configuration,
): boolean {
  const { when } = dimension;
  if (when === undefined) return true;
  const parent = dimensions.find(({ name }) => name === when.parent);
  if (parent === undefined || !isDeclaredActive(parent, dimensions, configuration)) return false;
  const value = givenValue(configuration, when.parent);
  return value !== undefined && when.in.includes(value);
}

export function givenValue(configuration: Configuration, name: string): ParameterValue | undefined {
  return Object.hasOwn(configuration, name) ? configuration[name] : undefined;
}
