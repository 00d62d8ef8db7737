import { type Generator, generatorFor } from '../../numeric/generator.ts';
import { hashText } from '../../numeric/hash.ts';
import { buildConfiguration } from '../../space/configuration.ts';
import type { Configuration } from '../../space/dimension.ts';
import { valueNumber } from '../../space/domain.ts';
import { repair } from '../../space/feasible.ts';
import { fulfils, type ParameterLimit } from '../../space/limits.ts';
import { type Space, varyingDimensions } from '../../space/space.ts';
import type { UnitDomain } from '../../space/unit.ts';
import type { Algorithm } from '../algorithm.ts';
import { observe, wasTried } from '../observations.ts';
import type { History, Problem } from '../problem.ts';
import { drawWithin } from '../random.ts';
import { drawStartup, STARTUP } from '../startup.ts';
import { firstFresh, independentDraws } from './independent.ts';
import {
  buildMixture,
  type CandidatePoint,
  drawComponent,
  drawUnit,
  logDensity,
  type Mixture,
  pointAt,
} from './mixture.ts';
import type { NumericPoint } from './numeric-terms.ts';
import { split } from './split.ts';
import { splitFronts } from './split-fronts.ts';

const PURPOSE = hashText('tpe');
const CANDIDATES = 24;
const MOST_DRAWS = 1000;
const MOST_IN_VAIN = 200;

/**
 * Tree-structured Parzen estimator: draws where good configurations are dense and takes the
 * candidate that is densest among the good relative to all others.
 *
 * As in Optuna 5 (multivariate, constant liar), but for declared conditions, for failures, which
 * repel, and for candidates already tried, which are taken only if there is no other.
 *
 * Of several objectives the good ones are the first fronts, and of the last of these what dominates
 * most (MOTPE; Ozaki et al., "Multiobjective Tree-Structured Parzen Estimator", 2022). By turns the
 * parameters are then chosen together and each by itself: the one alone was far behind on curved
 * fronts of three objectives, the other on fronts along a few parameters.
 *
 * @see Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011); Watanabe,
 * "Tree-Structured Parzen Estimator" (arXiv 2304.11127).
 */
export const tpe: Algorithm = {
  name: 'tpe',
  version: 2,
  usesHistory: true,
  usesSeed: true,
  takesSeveral: true,
  takesConstraints: true,
  takesPrior: true,
  heavyFrom: 1000,
  check: () => [],
  propose: (problem, history, index) => ({
    kind: 'proposed',
    configuration: proposeTpe(problem, history, index),
  }),
};

export function proposeTpe(problem: Problem, history: History, index: number): Configuration {
  const { space, goal, goals, seed, limits } = problem;
  if (history.entries.length < STARTUP) return drawStartup(problem, index);
  const observations = observe(space, history);
  const generator = generatorFor(seed, index, PURPOSE);
  const parted =
    goals === undefined
      ? split(goal, observations.results)
      : splitFronts(goals, observations.results);
  if (goals !== undefined && index % 2 === 1) {
    const draw = independentDraws(space, observations, parted, CANDIDATES);
    const found = firstFresh(problem, observations, () => draw(generator));
    return found ?? drawWithin(problem, index);
  }
  const { below, above } = parted;
  const isConditional = varyingDimensions(space).map(({ condition }) => condition !== undefined);
  // One part of a front is as good as another, however old it is.
  const good = buildMixture(observations, below, isConditional, goals !== undefined);
  const rest = buildMixture(observations, above, isConditional);
  const candidates = drawCandidates(space, observations.domains, limits, () =>
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
  return fresh?.configuration ?? drawWithin(problem, index);
}

/** Candidates that fulfil the limits: of a thousand draws, or moved there if none of 200 does. */
function drawCandidates(
  space: Space,
  domains: readonly UnitDomain[],
  limits: readonly ParameterLimit[] | undefined,
  draw: () => Candidate,
): readonly Candidate[] {
  if (limits === undefined) return Array.from({ length: CANDIDATES }, draw);
  const within: Candidate[] = [];
  const missing: Candidate[] = [];
  for (let draws = 0; draws < MOST_DRAWS && within.length < CANDIDATES; draws++) {
    if (draws === MOST_IN_VAIN && within.length === 0) break;
    const candidate = draw();
    if (fulfils(limits, candidate.configuration)) within.push(candidate);
    else if (missing.length < CANDIDATES) missing.push(candidate);
  }
  if (within.length > 0) return within;
  return missing.flatMap(({ configuration }) => {
    const moved = repair(space, limits, configuration);
    return moved === undefined ? [] : [candidateAt(space, domains, moved)];
  });
}

function candidateAt(
  space: Space,
  domains: readonly UnitDomain[],
  configuration: Configuration,
): Candidate {
  const point = varyingDimensions(space).map(({ name }, d): NumericPoint | undefined => {
    const value = Object.hasOwn(configuration, name) ? configuration[name] : undefined;
    return value === undefined ? undefined : pointAt(domains[d] as UnitDomain, value);
  });
  return { configuration, point };
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
    point[d] = pointAt(unitDomain, value);
    return value;
  });
  return { configuration, point };
}

function unitsAt(point: CandidatePoint): Float64Array {
  return Float64Array.from(point, (at) => at?.unit ?? Number.NaN);
}
