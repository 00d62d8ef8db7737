import type { Losses } from './dominance.ts';

/**
 * How far each point is from its neighbours: per objective the gap between the two beside it as a share
 * of the whole range, added up; infinite for the ends of an objective.
 *
 * @see Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (2002).
 */
export function crowdingDistances(points: readonly Losses[]): Float64Array {
  const distances = new Float64Array(points.length);
  for (const m of points[0]?.keys() ?? []) {
    const at = (i: number) => (points[i] as Losses)[m] as number;
    const order = [...points.keys()].sort((a, b) => at(a) - at(b) || a - b);
    const [first = 0, last = 0] = [order[0], order.at(-1)];
    const range = at(last) / 2 - at(first) / 2;
    distances[first] = Number.POSITIVE_INFINITY;
    distances[last] = Number.POSITIVE_INFINITY;
    for (let k = 1; k + 1 < order.length; k++) {
      const gap = at(order[k + 1] as number) / 2 - at(order[k - 1] as number) / 2;
      const i = order[k] as number;
      distances[i] = (distances[i] as number) + (range > 0 ? gap / range : 0);
    }
  }
  return distances;
}
