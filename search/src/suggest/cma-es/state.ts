import { eigenSymmetric, identityMatrix } from '../../numeric/eigen.ts';
import { exp, log } from '../../numeric/log-exp.ts';
import type { Settings } from './settings.ts';

/** The normal distribution of a generation, and the paths that adapt it; never changed in place. */
export interface CmaState {
  readonly generation: number;
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly covariance: Float64Array;
  readonly stepPath: Float64Array;
  readonly covariancePath: Float64Array;
  /** Eigenvectors of the covariance as columns, and the roots of its eigenvalues. */
  readonly axes: Float64Array;
  readonly lengths: Float64Array;
}

const FIRST_SIGMA = 1 / 6;
/** Of a unit cube: wider is clipped anyway, narrower is no step of a float on any scale. */
const SIGMA_BOUNDS = [1e-10, 1] as const;

/** The middle of the unit cube. */
export function firstState(d: number): CmaState {
  return {
    generation: 0,
    mean: new Float64Array(d).fill(0.5),
    sigma: FIRST_SIGMA,
    covariance: identityMatrix(d),
    stepPath: new Float64Array(d),
    covariancePath: new Float64Array(d),
    axes: identityMatrix(d),
    lengths: new Float64Array(d).fill(1),
  };
}

/**
 * The state after a generation.
 *
 * @param ranked Its points, from the best to the worst; NaN stands for no coordinate.
 * @see Hansen's tutorial, equations 41 to 47; "Injecting External Solutions Into CMA-ES" (2011) for
 * the longest step: with many workers, points come from older generations.
 */
export function nextState(
  state: CmaState,
  settings: Settings,
  ranked: readonly Float64Array[],
): CmaState {
  const { mean, sigma, generation } = state;
  const { effective, stepRate, pathRate, dimensions: d } = settings;
  const steps = ranked.map((point) => stepTo(state, settings, point));
  const shift = new Float64Array(d);
  for (let i = 0; i < settings.parents; i++) {
    addScaled(shift, steps[i] as Float64Array, settings.weights[i] as number);
  }
  const stepPath = state.stepPath.map((x) => (1 - stepRate) * x);
  const push = Math.sqrt(stepRate * (2 - stepRate) * effective);
  addScaled(stepPath, whitened(state, shift), push);
  const length = norm(stepPath);
  // Early paths are short, since they begin at 0.
  const fullness = 1 - exp(2 * (generation + 1) * log(1 - stepRate));
  const isShort = length / Math.sqrt(fullness) < (1.4 + 2 / (d + 1)) * settings.normalLength;
  const covariancePath = state.covariancePath.map((x) => (1 - pathRate) * x);
  if (isShort) {
    addScaled(covariancePath, shift, Math.sqrt(pathRate * (2 - pathRate) * effective));
  }
  const growth = exp((stepRate / settings.stepDamping) * (length / settings.normalLength - 1));
  const covariance = nextCovariance(state, settings, steps, covariancePath, isShort);
  const { values, vectors } = eigenSymmetric(covariance, state.axes);
  // A floor keeps the distribution from losing a dimension for good.
  const floor = 1e-14 * values.reduce((most, value) => Math.max(most, value), 1e-280);
  return {
    ...{ generation: generation + 1, covariance, stepPath, covariancePath, axes: vectors },
    mean: mean.map((x, i) => x + sigma * (shift[i] as number)),
    sigma: Math.min(Math.max(sigma * growth, SIGMA_BOUNDS[0]), SIGMA_BOUNDS[1]),
    lengths: values.map((value) => Math.sqrt(Math.max(value, floor))),
  };
}

/** The step to a point in units of sigma; no coordinate is no step in that dimension. */
function stepTo(state: CmaState, { longestStep }: Settings, point: Float64Array): Float64Array {
  const step = point.map((x, i) => {
    return Number.isNaN(x) ? 0 : (x - (state.mean[i] as number)) / state.sigma;
  });
  const length = norm(whitened(state, step));
  return length > longestStep ? step.map((x) => (x * longestStep) / length) : step;
}

function nextCovariance(
  state: CmaState,
  { rankOneRate, rankManyRate, pathRate, weights, dimensions: d }: Settings,
  steps: readonly Float64Array[],
  path: Float64Array,
  isShort: boolean,
): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const lost = isShort ? 0 : rankOneRate * pathRate * (2 - pathRate);
  const keep = 1 + lost - rankOneRate - rankManyRate * sum;
  const next = state.covariance.map((x) => keep * x);
  addOuter(next, path, rankOneRate);
  for (const [i, step] of steps.entries()) {
    const weight = weights[i] as number;
    // A long step must not take out more variance than there is.
    const length = weight < 0 ? norm(whitened(state, step)) : 0;
    const factor = weight < 0 ? d / (length * length + 1e-8) : 1;
    addOuter(next, step, rankManyRate * weight * factor);
  }
  return next;
}

/** C^-1/2 y. */
function whitened({ axes, lengths }: CmaState, y: Float64Array): Float64Array {
  const d = y.length;
  const result = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let along = 0;
    for (let i = 0; i < d; i++) along += (axes[i * d + j] as number) * (y[i] as number);
    along /= lengths[j] as number;
    for (let i = 0; i < d; i++) {
      result[i] = (result[i] as number) + (axes[i * d + j] as number) * along;
    }
  }
  return result;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) {
    target[i] = (target[i] as number) + factor * (source[i] as number);
  }
}

function addOuter(matrix: Float64Array, y: Float64Array, factor: number): void {
  const d = y.length;
  for (let i = 0; i < d; i++) {
    const scaled = factor * (y[i] as number);
    for (let j = 0; j < d; j++) {
      matrix[i * d + j] = (matrix[i * d + j] as number) + scaled * (y[j] as number);
    }
  }
}

function norm(y: Float64Array): number {
  return Math.sqrt(y.reduce((sum, x) => sum + x * x, 0));
}
