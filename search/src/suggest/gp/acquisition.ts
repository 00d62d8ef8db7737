import { cholesky, multiplyLower } from '../../numeric/cholesky.ts';
import { expNegative } from '../../numeric/fast-exp.ts';
import { log } from '../../numeric/log-exp.ts';
import { logSumExp } from '../../numeric/log-sums.ts';
import { normalQuantileOfLog } from '../../numeric/normal.ts';
import { sobolPoint } from '../sobol.ts';
import { logImprovement, logImprovementSlope } from './improvement.ts';
import { type Hyperparameters, matern, type Points, squaresTo } from './kernel.ts';
import { conditionOn, linkSlopes, linkTo, type Posterior, weightsOf } from './posterior.ts';

/** How much a point promises, as a logarithm; fills `gradient`, if given, for ordered columns. */
export type Acquisition = (at: Float64Array, gradient?: Float64Array) => number;

/** Possible outcomes of what runs: columns of fantasies. */
const FANTASIES = 32;

/** A model under one possible outcome of what runs. */
interface Scenario {
  readonly weights: Float64Array;
  readonly best: number;
}

/**
 * Log of the expected improvement over the best value so far. What runs counts with what it may
 * turn out to be: the mean is taken over samples from the joint posterior at the running points.
 *
 * @param values Standardised, larger is better.
 * @param running Rows of what runs; at most 64.
 * @param seed Of the samples.
 * @see Ament et al., "Unexpected Improvements to Expected Improvement" (2023).
 */
export function logExpectedImprovement(
  points: Points,
  values: Float64Array,
  hyper: Hyperparameters,
  running: readonly Float64Array[],
  seed: number,
): Acquisition {
  const posterior = conditionOn(points, hyper);
  const best = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const weights = weightsOf(posterior, values);
  if (running.length === 0) return meanOver(posterior, [{ weights, best }]);
  const extended = conditionOn(withRows(points, running), posterior.hyper);
  const scenarios = drawFantasies(posterior, weights, running, seed).map((outcomes): Scenario => {
    const all = new Float64Array(values.length + outcomes.length);
    all.set(values);
    all.set(outcomes, values.length);
    return {
      weights: weightsOf(extended, all),
      best: outcomes.reduce((most, value) => Math.max(most, value), best),
    };
  });
  return meanOver(extended, scenarios);
}

function meanOver(posterior: Posterior, scenarios: readonly Scenario[]): Acquisition {
  const logs = new Float64Array(scenarios.length);
  return (at, gradient) => {
    const link = linkTo(posterior, at);
    const sigma = Math.sqrt(link.variance);
    const scores = scenarios.map(({ weights, best }) => {
      let mean = 0;
      for (let i = 0; i < weights.length; i++) {
        mean += (weights[i] as number) * (link.covariances[i] as number);
      }
      return (mean - best) / sigma;
    });
    for (const [s, z] of scores.entries()) logs[s] = logImprovement(z);
    const total = logSumExp(logs, logs.length);
    const value = log(sigma) + total - log(scenarios.length);
    if (gradient === undefined) return value;
    const combined = new Float64Array(posterior.points.count);
    let bySigma = 1;
    for (const [s, { weights }] of scenarios.entries()) {
      const z = scores[s] as number;
      const share = expNegative((logs[s] as number) - total) * logImprovementSlope(z);
      bySigma -= share * z;
      for (let i = 0; i < combined.length; i++) {
        combined[i] = (combined[i] as number) + share * (weights[i] as number);
      }
    }
    const slopes = linkSlopes(posterior, at, link, combined);
    for (let d = 0; d < gradient.length; d++) {
      const sigmaSlope = (slopes.variance[d] as number) / (2 * sigma);
      gradient[d] = ((slopes.mean[d] as number) + bySigma * sigmaSlope) / sigma;
    }
    return value;
  };
}

/** Samples from the joint posterior at some points, spread evenly by a scrambled Sobol sequence. */
function drawFantasies(
  posterior: Posterior,
  weights: Float64Array,
  running: readonly Float64Array[],
  seed: number,
): readonly Float64Array[] {
  const count = running.length;
  const links = running.map((at) => linkTo(posterior, at));
  const means = links.map(({ covariances }) =>
    covariances.reduce((sum, covariance, i) => sum + covariance * (weights[i] as number), 0),
  );
  const joint = new Float64Array(count * count);
  const squares = new Float64Array(count);
  const { scale, relevances } = posterior.hyper;
  const among = withRows({ ...posterior.points, count: 0, rows: new Float64Array(0) }, running);
  for (const [i, { whitened }] of links.entries()) {
    squaresTo(among, relevances, running[i] as Float64Array, squares);
    for (const [j, other] of links.entries()) {
      let value = scale * matern(squares[j] as number);
      for (let k = 0; k < whitened.length; k++) {
        value -= (whitened[k] as number) * (other.whitened[k] as number);
      }
      joint[i * count + j] = value;
    }
  }
  const lower = choleskyWithJitter(joint, count, 1e-8 * scale);
  return Array.from({ length: FANTASIES }, (_, sample) => {
    const unit = sobolPoint(seed, sample);
    const normals = Float64Array.from(running, (_row, r) =>
      normalQuantileOfLog(log(Math.max(unit(r), 2 ** -54))),
    );
    return multiplyLower(lower, normals, count).map((x, r) => x + (means[r] as number));
  });
}

function choleskyWithJitter(matrix: Float64Array, n: number, jitter: number): Float64Array {
  for (let added = jitter; ; added *= 10) {
    const raised = matrix.slice();
    for (let i = 0; i < n; i++) raised[i * n + i] = (raised[i * n + i] as number) + added;
    const lower = cholesky(raised, n);
    if (lower !== undefined) return lower;
  }
}

function withRows(points: Points, rows: readonly Float64Array[]): Points {
  const { count, dimensions } = points;
  const all = new Float64Array((count + rows.length) * dimensions);
  all.set(points.rows);
  for (const [i, row] of rows.entries()) all.set(row, (count + i) * dimensions);
  return { ...points, count: count + rows.length, rows: all };
}
