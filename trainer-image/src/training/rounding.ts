/**
 * `value` with `digits` decimals as Python's `%.5f` writes it: the exact binary value rounded, a tie
 * to the even digit. `toFixed` differs at ties only (1/64 is 0.01563 there, 0.01562 in Python).
 */
export function fixed(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const scale = 10 ** digits;
  // A tie is an odd multiple of 1 / (2 * 10^digits), hence of 2^-(digits + 1) if it is exact in
  // binary; such a number times `scale` is exact, too.
  const isDyadic = Number.isInteger(value * 2 ** (digits + 1));
  const scaled = value * scale;
  const below = Math.floor(scaled);
  if (!isDyadic || scaled - below !== 0.5) return value.toFixed(digits);
  const even = below % 2 === 0 ? below : below + 1;
  return (even / scale).toFixed(digits);
}
