import { compareLosses, type Losses, paretoFront } from './dominance.ts';

/**
 * Volume of what some point dominates, up to the reference point; exact but for rounding.
 *
 * @see While, Bradstreet, Barone, "A Fast Way of Calculating Exact Hypervolumes" (2012).
 */
export function hypervolume(points: readonly Losses[], reference: Losses): number {
  const inside = points.filter((point) => point.every((x, m) => x < (reference[m] as number)));
  const front = paretoFront(inside).map((i) => inside[i] as Losses);
  return volumeOfFront(front, reference);
}

/** What a point adds to the volume of others: the volume of its box less what they have of it. */
export function exclusiveVolume(
  point: Losses,
  others: readonly Losses[],
  reference: Losses,
): number {
  const limited = others.map((other) => other.map((x, m) => Math.max(x, point[m] as number)));
  return boxVolume(point, reference) - hypervolume(limited, reference);
}

function volumeOfFront(front: readonly Losses[], reference: Losses): number {
  const sorted = [...front].sort(compareLosses);
  if (reference.length <= 2) return planeVolume(sorted, reference);
  // From the largest first loss on, so that limiting makes most of the rest dominated.
  let volume = 0;
  for (const [i, point] of sorted.entries()) {
    volume += exclusiveVolume(point, sorted.slice(i + 1), reference);
  }
  return volume;
}

/** By strips from the smallest first loss on; with one objective the length. */
function planeVolume(sorted: readonly Losses[], reference: Losses): number {
  const [right = 0, top = 1] = reference;
  let volume = 0;
  let ceiling = top;
  for (const [x = 0, y = 0] of sorted) {
    if (reference.length === 1) return right - x;
    volume += (right - x) * Math.max(0, ceiling - y);
    ceiling = Math.min(ceiling, y);
  }
  return volume;
}

function boxVolume(point: Losses, reference: Losses): number {
  return point.reduce((product, x, m) => product * Math.max(0, (reference[m] as number) - x), 1);
}
