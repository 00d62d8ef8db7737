import { type Generator, generatorFor } from '../../numeric/generator.ts';
import { hashText } from '../../numeric/hash.ts';
import { log } from '../../numeric/log-exp.ts';
import { normalQuantileOfLog } from '../../numeric/normal.ts';
import { buildConfiguration } from '../../space/configuration.ts';
import type { Configuration } from '../../space/dimension.ts';
import { valueNumber } from '../../space/domain.ts';
import { varyingDimensions } from '../../space/space.ts';
import { unitDomain } from '../../space/unit.ts';
import type { Algorithm, ProblemIssue } from '../algorithm.ts';
import { compareRanks, type Observations, observe, type Rank, rankOf } from '../observations.ts';
import type { Goal, History, Problem } from '../problem.ts';
import { type Settings, settingsFor } from './settings.ts';
import { type CmaState, firstState, nextState } from './state.ts';

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
  version: 1,
  usesHistory: true,
  usesSeed: true,
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

function proposeCmaEs(
  { space, goal, seed }: Problem,
  history: History,
  index: number,
): Configuration {
  const varying = varyingDimensions(space);
  const d = varying.length;
  const state =
    d === 0 ? firstState(0) : foldHistory(goal, observe(space, history), settingsFor(d));
  const point = drawPoint(state, generatorFor(seed, index, PURPOSE));
  const places = new Map(varying.map(({ index: position }, place) => [position, place]));
  return buildConfiguration(space, ({ index: position, domain }) => {
    const place = places.get(position);
    if (place === undefined) return valueNumber(domain, 0);
    return unitDomain(domain).fromUnit(point[place] as number);
  });
}

/** The state after every whole generation of a history. */
export function foldHistory(
  goal: Goal,
  { results, columns }: Observations,
  settings: Settings,
): CmaState {
  let state = firstState(settings.dimensions);
  let generation: { readonly point: Float64Array; readonly rank: Rank | undefined }[] = [];
  for (const [row, entry] of results.entries()) {
    // A failed configuration says nothing; one that diverged or is infeasible is among the worst.
    if (entry === undefined || entry.outcome === 'failed') continue;
    const point = Float64Array.from(columns, (column) => column[row] as number);
    generation.push({ point, rank: rankOf(goal, entry) });
    if (generation.length < settings.population) continue;
    const ranked = generation.filter(({ rank }) => rank !== undefined).length;
    // Without enough results to draw the mean, a generation would only add noise.
    if (ranked >= settings.parents) {
      const sorted = generation.toSorted((a, b) => compareOptional(a.rank, b.rank));
      state = nextState(
        state,
        settings,
        sorted.map(({ point: at }) => at),
      );
    }
    generation = [];
  }
  return state;
}

function compareOptional(a: Rank | undefined, b: Rank | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareRanks(a, b);
}

/** A point of the unit cube: the first draw within it, or the last one clipped. */
function drawPoint({ mean, sigma, axes, lengths }: CmaState, generator: Generator): Float64Array {
  const d = mean.length;
  const point = new Float64Array(d);
  for (let attempt = 0; attempt < Math.max(1, 10 * d); attempt++) {
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
