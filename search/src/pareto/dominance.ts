/** One loss per objective, smaller is better; all finite. */
export type Losses = readonly number[];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Losses, b: Losses): boolean {
  let isBetter = false;
  for (let m = 0; m < a.length; m++) {
    const [one, other] = [a[m] as number, b[m] as number];
    if (one > other) return false;
    if (one < other) isBetter = true;
  }
  return isBetter;
}

/** The first objective decides, of equal ones the next; 0 if all are equal. */
export function compareLosses(a: Losses, b: Losses): number {
  for (let m = 0; m < a.length; m++) {
    const [one, other] = [a[m] as number, b[m] as number];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** Positions of the points that no other one dominates, ascending; equal points are all in. */
export function paretoFront(points: readonly Losses[]): readonly number[] {
  const ranks = nondominationRanks(points);
  return [...points.keys()].filter((i) => ranks[i] === 0);
}

/**
 * The rank of each point: 0 = no other one dominates it, r = only points of lower ranks do, and one of
 * rank r - 1 does.
 *
 * @see Zhang et al., "An Efficient Approach to Nondominated Sorting" (2015): in lexicographic order a
 * point is dominated by earlier ones only, and the fronts that hold such a one are the first ones.
 */
export function nondominationRanks(points: readonly Losses[]): Int32Array {
  const order = [...points.keys()].sort(
    (a, b) => compareLosses(points[a] as Losses, points[b] as Losses) || a - b,
  );
  const ranks = new Int32Array(points.length);
  const fronts: Losses[][] = [];
  for (const i of order) {
    const point = points[i] as Losses;
    let low = 0;
    let high = fronts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (hasDominator(fronts[middle] as Losses[], point)) low = middle + 1;
      else high = middle;
    }
    ranks[i] = low;
    const front = fronts[low];
    if (front === undefined) fronts.push([point]);
    else front.push(point);
  }
  return ranks;
}

function hasDominator(front: readonly Losses[], point: Losses): boolean {
  // The latest are the nearest in the first objective, and most likely to dominate.
  for (let k = front.length - 1; k >= 0; k--) {
    if (dominates(front[k] as Losses, point)) return true;
    // With two objectives the latest has the smallest second loss of its front.
    if (point.length === 2 && compareLosses(front[k] as Losses, point) !== 0) return false;
  }
  return false;
}
