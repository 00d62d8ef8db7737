import type { Generator } from '../../numeric/generator.ts';
import { buildConfiguration } from '../../space/configuration.ts';
import type { Configuration, ParameterValue } from '../../space/dimension.ts';
import { valueNumber } from '../../space/domain.ts';
import { findWithin } from '../../space/feasible.ts';
import { type Space, varyingDimensions } from '../../space/space.ts';
import type { UnitDomain } from '../../space/unit.ts';
import { type Observations, wasTried } from '../observations.ts';
import type { Problem } from '../problem.ts';
import {
  buildMixture,
  drawComponent,
  drawUnit,
  logDensity,
  type Mixture,
  pointAt,
} from './mixture.ts';
import type { NumericPoint } from './numeric-terms.ts';
import type { Split } from './split.ts';

/** Tries of a configuration that this search does not have yet; each within the limits. */
const MOST_TRIES = 8;
/** Draws for one of them; each is already the best of many values a parameter. */
const DRAWS = 20;

/** A dimension by itself: where it was good, and where it was not. */
interface Margin {
  readonly domain: UnitDomain;
  readonly good: Mixture;
  readonly rest: Mixture;
  readonly goodTerms: Float64Array;
  readonly restTerms: Float64Array;
}

/**
 * Draws configurations in which each parameter is chosen by itself: of `candidates` values the one that
 * is densest among the good relative to all others.
 *
 * A front has good values of one parameter with many of another; product kernels around the few
 * points of it keep to these points, and margins fill in what lies between.
 */
export function independentDraws(
  space: Space,
  observations: Observations,
  { below, above }: Split,
  candidates: number,
): (generator: Generator) => Configuration {
  const varying = varyingDimensions(space);
  const margins = new Map(
    varying.map(({ index }, d): [number, Margin] => {
      const columns = [observations.columns[d] as Float64Array];
      const domain = observations.domains[d] as UnitDomain;
      const one = { ...observations, columns, domains: [domain] };
      const active = (rows: Int32Array) => {
        return rows.filter((row) => !Number.isNaN((columns[0] as Float64Array)[row]));
      };
      const [good, rest] = [active(below), active(above)].map((rows) => {
        return buildMixture(one, rows, [false], true);
      }) as [Mixture, Mixture];
      const [goodTerms, restTerms] = [good, rest].map(({ weights }) => {
        return new Float64Array(weights.length);
      }) as [Float64Array, Float64Array];
      return [index, { domain, good, rest, goodTerms, restTerms }];
    }),
  );
  return (generator) =>
    buildConfiguration(space, ({ index, domain }) => {
      const margin = margins.get(index);
      return margin === undefined ? valueNumber(domain, 0) : bestOf(margin, candidates, generator);
    });
}

/** The first of a few draws within the limits that was not tried before; else the first of all. */
export function firstFresh(
  { space, limits }: Problem,
  observations: Observations,
  draw: () => Configuration,
): Configuration | undefined {
  let first: Configuration | undefined;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const found = findWithin(space, limits, draw, { mostDraws: DRAWS });
    if (found === undefined) break;
    const units = Float64Array.from(varyingDimensions(space), ({ name }, d) => {
      const value = Object.hasOwn(found, name) ? found[name] : undefined;
      return (observations.domains[d] as UnitDomain).toUnit(value);
    });
    if (!wasTried(observations, units)) return found;
    first ??= found;
  }
  return first;
}

function bestOf(margin: Margin, candidates: number, generator: Generator): ParameterValue {
  const { domain, good, rest, goodTerms, restTerms } = margin;
  let best: ParameterValue | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let drawn = 0; drawn < candidates; drawn++) {
    const component = drawComponent(good, generator.nextUnit());
    const value = domain.fromUnit(drawUnit(good, 0, component, generator.nextUnit()));
    const point: readonly NumericPoint[] = [pointAt(domain, value)];
    const score = logDensity(good, point, goodTerms) - logDensity(rest, point, restTerms);
    if (best === undefined || score > most) [best, most] = [value, score];
  }
  return best as ParameterValue;
}
