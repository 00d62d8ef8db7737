/** A linear map from data to pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

export function linearScale(low: number, high: number, from: number, to: number): Scale {
  const span = high - low || 1;
  return { low, high, at: (value) => from + ((value - low) / span) * (to - from) };
}

/** The least and the most of `values` and a little more, so that no mark lies on the edge. */
export function paddedRange(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const margin = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  return [low - margin, high + margin];
}

/** About `count` round numbers between `low` and `high`: 1, 2 or 5 times a power of ten apart. */
export function ticksOf(low: number, high: number, count = 6): number[] {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    // Not a sum of steps, whose rounding would show.
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

/** A number as a tick writes it. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(0).replace('e+', 'e');
  return String(Number(value.toPrecision(6)));
}
