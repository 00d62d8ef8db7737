import { type Generator, generatorFor } from '../../numeric/generator.ts';
import { hashText } from '../../numeric/hash.ts';
import { buildConfiguration } from '../../space/configuration.ts';
import type { Configuration } from '../../space/dimension.ts';
import { valueNumber } from '../../space/domain.ts';
import { type Space, varyingDimensions } from '../../space/space.ts';
import type { UnitDomain } from '../../space/unit.ts';
import type { Algorithm } from '../algorithm.ts';
import { observe, wasTried } from '../observations.ts';
import type { History, Problem } from '../problem.ts';
import { drawConfiguration } from '../random.ts';
import {
  buildMixture,
  type CandidatePoint,
  drawComponent,
  drawUnit,
  logDensity,
  type Mixture,
} from './mixture.ts';
import type { NumericPoint } from './numeric-terms.ts';
import { split } from './split.ts';

const PURPOSE = hashText('tpe');
const STARTUP = 10;
const CANDIDATES = 24;

/**
 * Tree-structured Parzen estimator: draws where good configurations are dense and takes the
 * candidate that is densest among the good relative to all others.
 *
 * As in Optuna 5 (multivariate, constant liar), but for declared conditions, for failures, which
 * repel, and for candidates already tried, which are taken only if there is no other.
 *
 * @see Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011); Watanabe,
 * "Tree-Structured Parzen Estimator" (arXiv 2304.11127).
 */
export const tpe: Algorithm = {
  name: 'tpe',
  version: 1,
  usesHistory: true,
  usesSeed: true,
  heavyFrom: 1000,
  check: () => [],
  propose: (problem, history, index) => ({
    kind: 'proposed',
    configuration: proposeTpe(problem, history, index),
  }),
};

export function proposeTpe(
  { space, goal, seed }: Problem,
  history: History,
  index: number,
): Configuration {
  if (history.entries.length < STARTUP) return drawConfiguration(space, seed, index);
  const observations = observe(space, history);
  const { below, above } = split(goal, observations.results);
  const isConditional = varyingDimensions(space).map(({ condition }) => condition !== undefined);
  const good = buildMixture(observations, below, isConditional);
  const rest = buildMixture(observations, above, isConditional);
  const generator = generatorFor(seed, index, PURPOSE);
  const candidates = Array.from({ length: CANDIDATES }, () =>
    drawCandidate(space, observations.domains, good, generator),
  );
  const goodTerms = new Float64Array(below.length + 1);
  const restTerms = new Float64Array(above.length + 1);
  const scored = candidates.map(({ configuration, point }) => ({
    ...{ configuration, point },
    score: logDensity(good, point, goodTerms) - logDensity(rest, point, restTerms),
  }));
  // Sorting is stable: the first drawn wins a tie.
  scored.sort((a, b) => b.score - a.score);
  const fresh = scored.find(({ point }) => !wasTried(observations, unitsAt(point))) ?? scored[0];
  return fresh?.configuration ?? drawConfiguration(space, seed, index);
}

interface Candidate {
  readonly configuration: Configuration;
  readonly point: CandidatePoint;
}

/** Draws a configuration from one component of a mixture, parents first. */
function drawCandidate(
  space: Space,
  domains: readonly UnitDomain[],
  mixture: Mixture,
  generator: Generator,
): Candidate {
  const places = new Map(varyingDimensions(space).map(({ index }, d) => [index, d]));
  const component = drawComponent(mixture, generator.nextUnit());
  const point: (NumericPoint | undefined)[] = domains.map(() => undefined);
  const configuration = buildConfiguration(space, ({ index, domain }) => {
    const d = places.get(index);
    const unitDomain = d === undefined ? undefined : domains[d];
    if (d === undefined || unitDomain === undefined) return valueNumber(domain, 0);
    const drawn = drawUnit(mixture, d, component, generator.nextUnit());
    const value = unitDomain.fromUnit(drawn);
    const unit = unitDomain.toUnit(value);
    const [low, high] = unitDomain.cellOf?.(value) ?? [unit, unit];
    point[d] = { unit, low, high };
    return value;
  });
  return { configuration, point };
}

function unitsAt(point: CandidatePoint): Float64Array {
  return Float64Array.from(point, (at) => at?.unit ?? Number.NaN);
}
