import { formatDuration } from '../render/duration.ts';
import { formatNumber } from '../render/number.ts';

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** Where values lie along an axis. */
export interface Scale {
  /** From 0 (low end) to 1; beyond for values outside, NaN for what has no place. */
  at(value: number): number;
  /** At most about `most` of them, in ascending order. */
  ticks(most: number): readonly Tick[];
  /** Choices stand apart and are not read off between each other. */
  readonly isChoice?: boolean;
}

const isPlaced = (value: number) => Number.isFinite(value);

/** The extremes of what is finite, widened a little; [0, 1] if nothing is. */
export function paddedRange(values: Iterable<number>, padding = 0.04): [number, number] {
  const [low, high] = extremes(values);
  // Numbers that differ by less than their last digits cannot be told apart on an axis.
  const least = Math.max(Math.abs(low), Math.abs(high)) * 1e-9 || 1;
  const span = Math.max(high - low, least, LEAST_SPAN);
  return [low - padding * span, high + padding * span];
}

/** Below it divisions are no longer exact. */
const LEAST_SPAN = 1e-290;

function extremes(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!isPlaced(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

export function linearScale([low, high]: readonly [number, number]): Scale {
  return {
    at: (value) => (isPlaced(value) ? (value - low) / (high - low) : Number.NaN),
    ticks: (most) => roundTicks(low, high, most, formatNumber),
  };
}

/** Around values above 0, in powers of ten. */
export function logScale(values: Iterable<number>): Scale {
  const positive = [...values].filter((value) => value > 0);
  const [low, high] = paddedRange(positive.length > 0 ? positive.map(Math.log10) : [0, 1]);
  return {
    at: (value) => (value > 0 ? (Math.log10(value) - low) / (high - low) : Number.NaN),
    ticks: (most) => powerTicks(low, high, most),
  };
}

export function choiceScale(choices: readonly string[]): Scale {
  const count = Math.max(choices.length, 1);
  return {
    isChoice: true,
    at: (value) => (value + 0.5) / count,
    ticks: () => choices.map((text, value) => ({ value, text })),
  };
}

/** Seconds, with ticks that people say. */
export function durationScale(range: readonly [number, number]): Scale {
  const linear = linearScale(range);
  return {
    at: linear.at,
    ticks: (most) =>
      durationTicks(range, most).map((value) => ({
        value,
        text: value === 0 ? '0' : formatDuration(value * 1000),
      })),
  };
}

function roundTicks(
  low: number,
  high: number,
  most: number,
  format: (value: number) => string,
): Tick[] {
  const step = roundStep((high - low) / Math.max(most, 1));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, n) => {
    // One rounding for the whole: 3 * 0.1 is not 0.3.
    const value = Number(((first + n) * step).toPrecision(12));
    return { value, text: format(value) };
  });
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is at least `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 2.5, 5].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function powerTicks(low: number, high: number, most: number): Tick[] {
  const powers: number[] = [];
  for (let power = Math.ceil(low); power <= Math.floor(high); power++) powers.push(power);
  // Less than a decade has too few powers: then the numbers in between are read off.
  const factors = powers.length >= 2 ? [1] : [1, 2, 5];
  const values: number[] = [];
  for (let power = Math.floor(low); power <= Math.floor(high); power++) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      const at = Math.log10(value);
      if (at >= low && at <= high) values.push(Number(value.toPrecision(12)));
    }
  }
  const stride = Math.ceil(values.length / Math.max(most, 1));
  return values
    .filter((_, n) => n % stride === 0)
    .map((value) => ({ value, text: formatNumber(value) }));
}

const DURATION_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

function durationTicks([low, high]: readonly [number, number], most: number): number[] {
  const least = (high - low) / Math.max(most, 1);
  const step = DURATION_STEPS.find((each) => each >= least) ?? roundStep(least);
  const values: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) values.push(n * step);
  return values;
}
