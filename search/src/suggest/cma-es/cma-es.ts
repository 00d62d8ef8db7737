import { type Generator, generatorFor } from '../../numeric/generator.ts';
import { hashText } from '../../numeric/hash.ts';
import { log } from '../../numeric/log-exp.ts';
import { normalQuantileOfLog } from '../../numeric/normal.ts';
import { buildConfiguration } from '../../space/configuration.ts';
import type { Configuration } from '../../space/dimension.ts';
import { valueNumber } from '../../space/domain.ts';
import { findWithin } from '../../space/feasible.ts';
import { varyingDimensions } from '../../space/space.ts';
import { unitDomain } from '../../space/unit.ts';
import type { Algorithm, ProblemIssue } from '../algorithm.ts';
import { observe } from '../observations.ts';
import type { History, Problem } from '../problem.ts';
import { drawWithin } from '../random.ts';
import { foldHistory, generationsOf } from './fold.ts';
import { settingsFor } from './settings.ts';
import { type CmaState, firstState } from './state.ts';

const PURPOSE = hashText('cma-es');

/**
 * Covariance matrix adaptation: draws from a normal distribution over the unit cube that follows the
 * best results of generation after generation. For ordered parameters without conditions.
 *
 * The state is a fold over the history: each `population` finished configurations, in index order,
 * are a generation. What still runs is left out; when it ends it takes its place in that order. With
 * many workers a generation holds points drawn from older distributions; their steps are shortened
 * rather than the points ignored.
 */
export const cmaEs: Algorithm = {
  name: 'cma-es',
  version: 2,
  usesHistory: true,
  usesSeed: true,
  takesConstraints: true,
  heavyFrom: 500,
  check: ({ space }) => {
    const varying = varyingDimensions(space);
    const unordered = varying.find(({ domain }) => domain.kind === 'list' && !domain.isOrdered);
    const conditional = varying.find(({ condition }) => condition !== undefined);
    const issues: ProblemIssue[] = [];
    const report = (code: ProblemIssue['code'], dimension: string, message: string) =>
      issues.push({ field: 'space', code, dimension, message });
    if (unordered !== undefined) {
      const message = `cma-es needs parameters with an order; "${unordered.name}" is categorical`;
      report('cma-es-categorical', unordered.name, message);
    }
    if (conditional !== undefined) {
      const message = `cma-es needs every parameter at every time; "${conditional.name}" has a condition`;
      report('cma-es-conditional', conditional.name, message);
    }
    return issues;
  },
  propose: (problem, history, index) => ({
    kind: 'proposed',
    configuration: proposeCmaEs(problem, history, index),
  }),
};

function proposeCmaEs(problem: Problem, history: History, index: number): Configuration {
  const { space, goal, seed, limits } = problem;
  const varying = varyingDimensions(space);
  const d = varying.length;
  const state =
    d === 0
      ? firstState(0)
      : foldHistory(goal, observe(space, history), settingsFor(d), generationsOf(space, goal));
  const generator = generatorFor(seed, index, PURPOSE);
  const places = new Map(varying.map(({ index: position }, place) => [position, place]));
  const draw = () => {
    const point = drawPoint(state, generator);
    return buildConfiguration(space, ({ index: position, domain }) => {
      const place = places.get(position);
      if (place === undefined) return valueNumber(domain, 0);
      return unitDomain(domain).fromUnit(point[place] as number);
    });
  };
  // Near the walls of the cube one point takes up to five draws a dimension.
  const mostDraws = Math.max(8, Math.floor(500 / Math.max(1, 5 * d)));
  return findWithin(space, limits, draw, { mostDraws }) ?? drawWithin(problem, index);
}

/** A point of the unit cube: the first draw within it, or the last one clipped. */
function drawPoint({ mean, sigma, axes, lengths }: CmaState, generator: Generator): Float64Array {
  const d = mean.length;
  const point = new Float64Array(d);
  for (let attempt = 0; attempt < Math.max(1, 5 * d); attempt++) {
    const along = lengths.map((length) => length * drawNormal(generator));
    let isInside = true;
    for (let i = 0; i < d; i++) {
      let step = 0;
      for (let j = 0; j < d; j++) step += (axes[i * d + j] as number) * (along[j] as number);
      const x = (mean[i] as number) + sigma * step;
      if (!(x >= 0 && x <= 1)) isInside = false;
      point[i] = Math.min(Math.max(x, 0), 1);
    }
    if (isInside) break;
  }
  return point;
}

function drawNormal(generator: Generator): number {
  return normalQuantileOfLog(log(Math.max(generator.nextUnit(), 2 ** -54)));
}
