import { expNegative } from '../../numeric/fast-exp.ts';
import { type Generator, generatorFor } from '../../numeric/generator.ts';
import { hashText } from '../../numeric/hash.ts';
import { buildConfiguration } from '../../space/configuration.ts';
import type { Configuration } from '../../space/dimension.ts';
import { valueAt, valueNumber } from '../../space/domain.ts';
import { type Space, varyingDimensions } from '../../space/space.ts';
import type { UnitDomain } from '../../space/unit.ts';
import { sobolPoint } from '../sobol.ts';
import { SOBOL_DIMENSIONS } from '../sobol-directions.ts';
import type { Peak } from './climb.ts';

const BEYOND_SOBOL = hashText('gp-beyond-sobol');

/** Evenly spread configurations as coordinates, NaN where inactive. */
export function drawPoints(
  space: Space,
  domains: readonly UnitDomain[],
  seed: number,
  count: number,
): readonly Float64Array[] {
  const places = placesOf(space);
  return Array.from({ length: count }, (_, point) => {
    const coordinate = sobolPoint(seed, point);
    const beyond = generatorFor(seed, point, BEYOND_SOBOL);
    const units = new Float64Array(domains.length).fill(Number.NaN);
    buildConfiguration(space, ({ index, domain }) => {
      const d = places.get(index);
      if (d === undefined) return valueNumber(domain, 0);
      const share = d < SOBOL_DIMENSIONS ? coordinate(d) : beyond.nextUnit();
      const value = valueAt(domain, share);
      units[d] = (domains[d] as UnitDomain).toUnit(value);
      return value;
    });
    return units;
  });
}

/** The configuration at some coordinates. */
export function configurationAt(
  space: Space,
  domains: readonly UnitDomain[],
  units: Float64Array,
): Configuration {
  const places = placesOf(space);
  return buildConfiguration(space, ({ index, domain }) => {
    const d = places.get(index);
    const unit = d === undefined ? Number.NaN : (units[d] as number);
    // A history may lack what should be active: the middle will do.
    if (d === undefined || Number.isNaN(unit)) {
      return domain.kind === 'list' ? valueNumber(domain, 0) : valueAt(domain, 0.5);
    }
    return (domains[d] as UnitDomain).fromUnit(unit);
  });
}

/** The coordinates of a configuration, NaN where inactive. */
export function unitsOfConfiguration(
  space: Space,
  domains: readonly UnitDomain[],
  configuration: Configuration,
): Float64Array {
  return Float64Array.from(varyingDimensions(space), ({ name }, d) => {
    const value = Object.hasOwn(configuration, name) ? configuration[name] : undefined;
    return value === undefined ? Number.NaN : (domains[d] as UnitDomain).toUnit(value);
  });
}

/** The best candidate, and others with probability in proportion to what they promise. */
export function chooseStarts(
  candidates: readonly Peak[],
  count: number,
  generator: Generator,
): readonly Float64Array[] {
  const best = candidates.reduce((top, peak) => (peak.value > top.value ? peak : top));
  const weights = Float64Array.from(candidates, (peak) =>
    peak === best ? 0 : expNegative(peak.value - best.value),
  );
  const starts = [best.units];
  while (starts.length < Math.min(count, candidates.length)) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0)) break;
    let rest = generator.nextUnit() * total;
    const drawn = weights.findIndex((weight) => {
      rest -= weight;
      return weight > 0 && rest <= 0;
    });
    if (drawn < 0) break;
    starts.push((candidates[drawn] as Peak).units);
    weights[drawn] = 0;
  }
  return starts;
}

function placesOf(space: Space): ReadonlyMap<number, number> {
  return new Map(varyingDimensions(space).map(({ index }, d) => [index, d]));
}
