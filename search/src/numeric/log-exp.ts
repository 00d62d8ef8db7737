/**
 * Natural logarithm and exponential in operations that ECMAScript fixes to the bit.
 *
 * Math.log and Math.exp are "implementation-approximated": another V8, another CPU or another libm
 * may differ in the last bit, and then a record could not be recomputed. Addition, subtraction,
 * multiplication, division and DataView are exact by the standard, so these two give the same bits
 * everywhere. Both are within 2 units in the last place.
 */

// ln 2 in two parts: the first has 20 trailing zero bits, so that k * LN2_HIGH is exact for |k| < 2^20.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT2 = Math.SQRT2;

const bits = new DataView(new ArrayBuffer(8));

/** 2^exponent for -1022 <= exponent <= 1023. */
function powerOfTwo(exponent: number): number {
  bits.setUint32(0, (exponent + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** Natural logarithm; NaN below 0, -Infinity at 0. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  // Subnormal numbers have no hidden bit: lift them into the normal range first.
  const isSubnormal = x < 2.2250738585072014e-308;
  bits.setFloat64(0, isSubnormal ? x * 18014398509481984 : x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023 - (isSubnormal ? 54 : 0);
  bits.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0);
  if (mantissa > SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // log m = 2 atanh s with |s| <= 0.172; the first term left out is below 2^-60 of the result.
  const excess = mantissa - 1;
  const s = excess / (2 + excess);
  const square = s * s;
  let series = 0;
  for (let odd = 23; odd >= 3; odd -= 2) series = (series + 1 / odd) * square;
  // 2s = excess - s * excess, which keeps the leading term exact.
  const rest = exponent * LN2_LOW + (2 * s * series - s * excess);
  return exponent * LN2_HIGH + (rest + excess);
}

/** Exponential; Infinity above 709.78, 0 below -745.14. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const exponent = Math.floor(x / Math.LN2 + 0.5);
  const high = x - exponent * LN2_HIGH;
  const low = exponent * LN2_LOW;
  const r = high - low;
  // Taylor on |r| <= 0.347: the first term left out is below 2^-58.
  let tail = 0;
  for (let n = 14; n >= 2; n--) tail = (tail + 1) * (r / n);
  // exp r = 1 + r + r * tail, with the rounding error of r put back.
  const value = 1 + (r + (r * tail + (high - r - low)));
  // Two steps, since 2^exponent alone may leave the range of normal numbers.
  const half = Math.trunc(exponent / 2);
  return value * powerOfTwo(half) * powerOfTwo(exponent - half);
}
