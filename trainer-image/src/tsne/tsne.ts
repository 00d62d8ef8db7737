import { jointProbabilities } from './affinities.ts';
import { squaredDistances } from './gram.ts';
import { principalComponents } from './principal-components.ts';

const PERPLEXITY = 30;
const STEPS = 1000;
const EXAGGERATED_STEPS = 250;
const EXAGGERATION = 12;
const START_SPREAD = 1e-4;
const MIN_GAIN = 0.01;

export interface TsneOptions {
  readonly seed: number;
  /** @default 1000 */
  readonly steps?: number;
  /** Called after every step. */
  readonly show?: (done: number, all: number) => void;
}

/**
 * Exact t-SNE in two dimensions from the principal components, with scikit-learn's defaults:
 * perplexity 30, 250 of 1000 steps exaggerated 12 times, momentum 0.5, then 0.8. Two numbers per row;
 * the same input and seed give the same map.
 *
 * @param gram Inner products of all pairs of centred rows.
 * @see van der Maaten and Hinton, "Visualizing Data using t-SNE", 2008.
 */
export function tsne(gram: Float32Array, rows: number, options: TsneOptions): Float64Array {
  if (rows < 3) return principalComponents(gram, rows, options.seed);
  const perplexity = Math.min(PERPLEXITY, (rows - 1) / 3);
  const joint = jointProbabilities(squaredDistances(gram, rows), rows, perplexity);
  const map = startMap(gram, rows, options.seed);
  const rate = Math.max(rows / EXAGGERATION / 4, 50);
  const steps = options.steps ?? STEPS;
  const change = new Float64Array(map.length);
  const gains = new Float64Array(map.length).fill(1);
  const force = new Forces(joint, rows);
  for (let step = 0; step < steps; step++) {
    const isEarly = step < EXAGGERATED_STEPS;
    const gradient = force.at(map, isEarly ? EXAGGERATION : 1);
    const momentum = isEarly ? 0.5 : 0.8;
    for (const [i, slope] of gradient.entries()) {
      const old = change[i] ?? 0;
      const gain = Math.max(
        MIN_GAIN,
        slope * old < 0 ? (gains[i] ?? 1) + 0.2 : (gains[i] ?? 1) * 0.8,
      );
      gains[i] = gain;
      const move = momentum * old - rate * gain * slope;
      change[i] = move;
      map[i] = (map[i] ?? 0) + move;
    }
    options.show?.(step + 1, steps);
  }
  return map;
}

function startMap(gram: Float32Array, rows: number, seed: number): Float64Array {
  const scores = principalComponents(gram, rows, seed);
  let squares = 0;
  for (let row = 0; row < rows; row++) squares += (scores[row * 2] ?? 0) ** 2;
  const spread = Math.sqrt(squares / rows) || 1;
  return scores.map((score) => (score / spread) * START_SPREAD);
}

/** The gradient of the divergence by the map, with its memory kept between steps. */
class Forces {
  readonly #joint: Float32Array;
  readonly #rows: number;
  readonly #closeness: Float32Array;
  readonly #gradient: Float64Array;

  constructor(joint: Float32Array, rows: number) {
    this.#joint = joint;
    this.#rows = rows;
    this.#closeness = new Float32Array(rows * rows);
    this.#gradient = new Float64Array(rows * 2);
  }

  at(map: Float64Array, exaggeration: number): Float64Array {
    const rows = this.#rows;
    const gradient = this.#gradient.fill(0);
    const total = this.#measure(map);
    for (let i = 0; i < rows; i++) {
      const [x, y] = [map[i * 2] ?? 0, map[i * 2 + 1] ?? 0];
      let [pullX, pullY] = [0, 0];
      for (let j = 0; j < i; j++) {
        const at = i * rows + j;
        const close = this.#closeness[at] ?? 0;
        const pull = 4 * (exaggeration * (this.#joint[at] ?? 0) - close / total) * close;
        const [dx, dy] = [pull * (x - (map[j * 2] ?? 0)), pull * (y - (map[j * 2 + 1] ?? 0))];
        pullX += dx;
        pullY += dy;
        gradient[j * 2] = (gradient[j * 2] ?? 0) - dx;
        gradient[j * 2 + 1] = (gradient[j * 2 + 1] ?? 0) - dy;
      }
      gradient[i * 2] = (gradient[i * 2] ?? 0) + pullX;
      gradient[i * 2 + 1] = (gradient[i * 2 + 1] ?? 0) + pullY;
    }
    return gradient;
  }

  /** Student's t closeness of every pair; the sum over both directions. */
  #measure(map: Float64Array): number {
    const rows = this.#rows;
    let total = 0;
    for (let i = 0; i < rows; i++) {
      const [x, y] = [map[i * 2] ?? 0, map[i * 2 + 1] ?? 0];
      for (let j = 0; j < i; j++) {
        const [dx, dy] = [x - (map[j * 2] ?? 0), y - (map[j * 2 + 1] ?? 0)];
        const close = 1 / (1 + dx * dx + dy * dy);
        this.#closeness[i * rows + j] = close;
        total += 2 * close;
      }
    }
    return total;
  }
}
