import { studentQuantile } from './student-t.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The arithmetic mean; a sum of shares, so that large values do not overflow. NaN of nothing. */
export function mean(values: readonly number[]): number {
  if (values.length <= 1) return values[0] ?? Number.NaN;
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

/** The mean square of the distances from the mean, over one less than their number; 0 of one value. */
export function meanSquare(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/** The 95 % confidence interval of the mean by Student's t; undefined of fewer than two values. */
export function meanInterval(values: readonly number[]): Interval | undefined {
  if (values.length < 2) return undefined;
  const centre = mean(values);
  const reach =
    studentQuantile(0.975, values.length - 1) * Math.sqrt(meanSquare(values) / values.length);
  return { low: centre - reach, high: centre + reach };
}
