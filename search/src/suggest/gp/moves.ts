import { valueNumber } from '../../space/domain.ts';
import { type Space, varyingDimensions } from '../../space/space.ts';
import type { UnitDomain } from '../../space/unit.ts';

/**
 * Longer lists of ordered values are searched like continuous ranges and then rounded. Of longer ones
 * without an order so many are tried: all that were not observed are alike to the model.
 */
const MOST_LISTED = 16;

/** How a local search may change one dimension. */
export type Move =
  /** Along its coordinate, rounded in the end. */
  | { readonly kind: 'slide' }
  /** To each of these coordinates. */
  | { readonly kind: 'jump'; readonly units: readonly number[] }
  /** Not at all: others exist or not by its value. */
  | { readonly kind: 'stay' };

/** @param good Configurations by their coordinates, the best first: their choices are tried first. */
export function movesOf(
  space: Space,
  domains: readonly UnitDomain[],
  good: readonly Float64Array[],
): readonly Move[] {
  return varyingDimensions(space).map(({ branches }, d): Move => {
    const { domain, toUnit } = domains[d] as UnitDomain;
    if (branches.length > 0) return { kind: 'stay' };
    const isUnordered = domain.kind === 'list' && !domain.isOrdered;
    if (domain.kind === 'continuous' || (domain.size > MOST_LISTED && !isUnordered)) {
      return { kind: 'slide' };
    }
    const units = Array.from({ length: domain.size }, (_, k) => toUnit(valueNumber(domain, k)));
    if (units.length <= MOST_LISTED) return { kind: 'jump', units };
    const observed = good.map((at) => at[d] as number).filter((unit) => !Number.isNaN(unit));
    return { kind: 'jump', units: [...new Set([...observed, ...units])].slice(0, MOST_LISTED) };
  });
}

/** Model coordinates of a point: what is inactive is in the middle, or a choice of its own. */
export function modelRow(units: Float64Array, isChoice: Uint8Array): Float64Array {
  return units.map((unit, d) => (Number.isNaN(unit) ? (isChoice[d] === 1 ? -1 : 0.5) : unit));
}
