const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * Draws values from left to right in at most `width` columns, scaled between their own extremes.
 * Values that are not finite leave a gap; fewer than two finite ones draw nothing.
 */
export function sparkline(values: readonly number[], width: number): string {
  const shown = thin(values, width);
  const finite = shown.filter(Number.isFinite);
  if (finite.length < 2) return '';
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  return shown.map((value) => bar(value, low, span)).join('');
}

function bar(value: number, low: number, span: number): string {
  if (!Number.isFinite(value)) return ' ';
  const level = span === 0 ? 3 : Math.round(((value - low) / span) * (BARS.length - 1));
  return BARS[level] ?? ' ';
}

/** Keeps the first and the last value and an even choice between them. */
function thin(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values;
  const step = (values.length - 1) / (width - 1);
  return Array.from({ length: width }, (_, place) => values[Math.round(place * step)] as number);
}
