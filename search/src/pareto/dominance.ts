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
  return leadingFronts(points, 1)[0] ?? [];
}

/**
 * The first fronts, until they hold `least` points or all: in the first are the points that no other
 * one dominates, in each next one those that only points of the fronts before it dominate. Positions
 * ascending; equal points share a front.
 *
 * In lexicographic order a point is dominated by earlier ones only, so that a front is one walk past
 * those that are in it already. Most of a long history is never looked at twice.
 */
export function leadingFronts(
  points: readonly Losses[],
  least: number,
): readonly (readonly number[])[] {
  const fronts: number[][] = [];
  let left = lexicographicOrder(points);
  for (let held = 0; held < least && left.length > 0; ) {
    const front: number[] = [];
    const losses: Losses[] = [];
    const rest: number[] = [];
    for (const i of left) {
      const point = points[i] as Losses;
      if (hasDominator(losses, point)) {
        rest.push(i);
      } else {
        front.push(i);
        losses.push(point);
      }
    }
    held += front.length;
    fronts.push(front.sort((a, b) => a - b));
    left = rest;
  }
  return fronts;
}

function lexicographicOrder(points: readonly Losses[]): readonly number[] {
  const first = Float64Array.from(points, ([loss = 0]) => loss);
  return [...points.keys()].sort(
    (a, b) =>
      (first[a] as number) - (first[b] as number) ||
      compareLosses(points[a] as Losses, points[b] as Losses) ||
      a - b,
  );
}

function hasDominator(front: readonly Losses[], point: Losses): boolean {
  for (let k = front.length - 1; k >= 0; k--) {
    if (dominates(front[k] as Losses, point)) return true;
    if (point.length === 2 && compareLosses(front[k] as Losses, point) !== 0) return false;
  }
  return false;
}
