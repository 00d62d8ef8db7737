/** A parameter or a count as people write it: at most four significant digits, such as `2.13e-4`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) return String(Number(value.toPrecision(4)));
  return value
    .toExponential(3)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
}

/** A metric: four decimals where that says enough, so that values of a column compare at a glance. */
export function formatMetric(value: number): string {
  const size = Math.abs(value);
  return size >= 0.01 && size < 100 ? value.toFixed(4) : formatNumber(value);
}

/** A rate such as images per second, short: `0.5`, `87`, `1.2k`, `3.4M`. */
export function formatRate(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 9.95) return String(Number(value.toFixed(1)));
  if (size < 999.5) return String(Math.round(value));
  const [scaled, unit] = size < 999_500 ? [value / 1e3, 'k'] : [value / 1e6, 'M'];
  return `${Math.abs(scaled) < 9.95 ? Number(scaled.toFixed(1)) : Math.round(scaled)}${unit}`;
}

/** `1 trial`, `2 trials`; thousands are set apart. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount.toLocaleString('en')} ${amount === 1 ? noun : plural}`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size as people read it: `812 B`, `3.4 MiB`, `120 GiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10);
  const unit = Math.min(power, BYTE_UNITS.length - 1);
  const scaled = bytes / 2 ** (10 * unit);
  const text = unit === 0 || scaled >= 99.95 ? String(Math.round(scaled)) : scaled.toFixed(1);
  return `${text} ${BYTE_UNITS[unit]}`;
}
