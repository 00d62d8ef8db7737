const BUCKETS = 1024;

export interface KernelWidths {
  /** By component, the prior last, which is as wide as the domain. */
  readonly widths: Float64Array;
  /** The magic clip: the more is known, the narrower a kernel may be. */
  readonly leastWidth: number;
  /** Coordinates that are not NaN. */
  readonly count: number;
}

/**
 * The width of each kernel: the larger gap to its neighbours in [0, 1], at least `leastWidth`. The
 * outermost two look inwards only; a single one looks at both ends.
 *
 * No sort: a gap below 1/1024 is below every least width, so only the outermost coordinates of each
 * of 1024 buckets can have a gap that counts.
 *
 * Of equal coordinates two get the gaps to the left and to the right. Which two is a matter of
 * chance, another one in each dimension: were they always the oldest and the newest, these would be
 * wide in every dimension and all others in none, and the search could not move along one of them.
 *
 * @param salt Keys that chance: a number of the dimension.
 */
export function kernelWidths(observed: Float64Array, salt: number): KernelWidths {
  const firstRow = new Int32Array(BUCKETS).fill(-1);
  const lastRow = new Int32Array(BUCKETS);
  let count = 0;
  for (let row = 0; row < observed.length; row++) {
    const unit = observed[row] as number;
    if (Number.isNaN(unit)) continue;
    count++;
    const bucket = unit < 1 ? (unit * BUCKETS) | 0 : BUCKETS - 1;
    const first = firstRow[bucket] as number;
    if (first < 0) {
      firstRow[bucket] = row;
      lastRow[bucket] = row;
    } else {
      const last = lastRow[bucket] as number;
      const fromFirst = unit - (observed[first] as number);
      const fromLast = unit - (observed[last] as number);
      if (fromFirst < 0 || (fromFirst === 0 && precedes(row, first, salt))) firstRow[bucket] = row;
      if (fromLast > 0 || (fromLast === 0 && precedes(last, row, salt))) lastRow[bucket] = row;
    }
  }
  const leastWidth = 1 / Math.min(100, count + 2);
  const widths = new Float64Array(observed.length + 1).fill(leastWidth);
  widths[observed.length] = 1;
  if (count === 1) {
    const row = firstRow.find((candidate) => candidate >= 0) as number;
    const unit = observed[row] as number;
    widths[row] = Math.max(unit, 1 - unit, leastWidth);
    return { widths, leastWidth, count };
  }
  let before = -1;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const row = firstRow[bucket] as number;
    if (row < 0) continue;
    if (before >= 0) {
      const gap = (observed[row] as number) - (observed[before] as number);
      widths[row] = Math.max(widths[row] as number, gap);
      widths[before] = Math.max(widths[before] as number, gap);
    }
    before = lastRow[bucket] as number;
  }
  return { widths, leastWidth, count };
}

/** Whether row `a` comes before row `b` of the same coordinate: by hash, an order without ties. */
function precedes(a: number, b: number, salt: number): boolean {
  return scatter(a, salt) < scatter(b, salt);
}

/** A bijection of 32-bit words for each salt. */
function scatter(row: number, salt: number): number {
  let x = Math.imul((row + 1) ^ Math.imul(salt + 1, 0x9e3779b1), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
  return (x ^ (x >>> 13)) >>> 0;
}
