import type { Losses } from './dominance.ts';
import { exclusiveVolume } from './hypervolume.ts';

/**
 * Positions of `count` points, in the order of their choice, that together dominate much: each is the
 * one that adds the largest volume to those before it, the lowest position of equal ones.
 *
 * Greedy choice reaches 1 - 1/e of the largest volume of all subsets. With two objectives what a point
 * adds is a rectangle that each choice cuts; with more it is computed again only for a point that
 * might still add most, as what a point adds never grows.
 *
 * @param points No one dominates another; equal ones may be among them.
 * @see Guerreiro, Fonseca, Paquete, "Greedy Hypervolume Subset Selection in Low Dimensions" (2016).
 */
export function hypervolumeSubset(points: readonly Losses[], count: number): readonly number[] {
  if (count >= points.length) return [...points.keys()];
  const scaled = scaleToReference(points);
  return (points[0]?.length ?? 0) === 2 ? planeSubset(scaled, count) : lazySubset(scaled, count);
}

/**
 * The reference point by which subsets are compared: beyond the worst of each objective by a tenth.
 */
export function referencePoint(points: readonly Losses[]): Losses {
  const dimensions = points[0]?.length ?? 0;
  return Array.from({ length: dimensions }, (_, m) => {
    const worst = points.reduce((most, point) => Math.max(most, point[m] as number), -Infinity);
    return Math.min(Math.max(1.1 * worst, 0.9 * worst) || 1e-12, Number.MAX_VALUE);
  });
}

/** Losses as shares of the way from the best one to the reference, which is 1 everywhere. */
function scaleToReference(points: readonly Losses[]): readonly Losses[] {
  const reference = referencePoint(points);
  const scales = reference.map((high, m) => {
    const best = points.reduce((least, point) => Math.min(least, point[m] as number), Infinity);
    // Halves, since the whole range may be above the largest number.
    return { high, half: high / 2 - best / 2 };
  });
  return points.map((point) =>
    point.map((x, m) => {
      const { high, half } = scales[m] as { high: number; half: number };
      return half > 0 ? 1 - (high / 2 - x / 2) / half : 0;
    }),
  );
}

function planeSubset(points: readonly Losses[], count: number): readonly number[] {
  const right = new Float64Array(points.length).fill(1);
  const top = new Float64Array(points.length).fill(1);
  const chosen: number[] = [];
  const isChosen = new Uint8Array(points.length);
  while (chosen.length < count) {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (const [i, [x = 0, y = 0]] of points.entries()) {
      if (isChosen[i] === 1) continue;
      const adds = ((right[i] as number) - x) * ((top[i] as number) - y);
      if (adds > most) [best, most] = [i, adds];
    }
    chosen.push(best);
    isChosen[best] = 1;
    const [cutX = 0, cutY = 0] = points[best] as Losses;
    for (const [i, [x = 0]] of points.entries()) {
      // On a front whatever is left of the choice lies above it.
      if (x <= cutX) right[i] = Math.min(right[i] as number, cutX);
      if (x >= cutX) top[i] = Math.min(top[i] as number, cutY);
    }
  }
  return chosen;
}

function lazySubset(points: readonly Losses[], count: number): readonly number[] {
  const reference = (points[0] ?? []).map(() => 1);
  const adds = points.map((point) => exclusiveVolume(point, [], reference));
  const chosen: number[] = [];
  const others: Losses[] = [];
  /** How many had been chosen when what a point adds was computed. */
  const computedAt = new Int32Array(points.length);
  const isChosen = new Uint8Array(points.length);
  while (chosen.length < count) {
    for (;;) {
      let best = -1;
      for (let i = 0; i < points.length; i++) {
        if (isChosen[i] === 1) continue;
        if (best < 0 || (adds[i] as number) > (adds[best] as number)) best = i;
      }
      if (computedAt[best] === chosen.length) {
        chosen.push(best);
        others.push(points[best] as Losses);
        isChosen[best] = 1;
        break;
      }
      adds[best] = exclusiveVolume(points[best] as Losses, others, reference);
      computedAt[best] = chosen.length;
    }
  }
  return chosen;
}
