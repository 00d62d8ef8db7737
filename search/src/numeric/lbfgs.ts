/** A function to minimise: fills `gradient` and gives the value; what is not finite is avoided. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

export interface Budget {
  /** Calls of the function. */
  readonly evaluations: number;
  /** Ends where no component of the projected gradient is larger. */
  readonly gradientTolerance: number;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
}

const MEMORY = 8;
const SUFFICIENT = 1e-4;
const BACKTRACKS = 12;

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

/**
 * Minimum of a function in a box by projected L-BFGS: the quasi-Newton direction of the variables
 * that no bound holds, and backtracking along its projection. Never worse than the start.
 *
 * @see Nocedal, Wright, "Numerical Optimization", algorithms 7.4 and 16.5.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  box: Box,
  budget: Budget,
): Minimum {
  let x: Float64Array = project(start, box);
  let gradient: Float64Array = new Float64Array(x.length);
  let value = objective(x, gradient);
  let left = budget.evaluations - 1;
  let pairs: Pair[] = [];
  while (left > 0 && Number.isFinite(value)) {
    const free = freeGradient(x, gradient, box);
    if (free.every((g) => Math.abs(g) <= budget.gradientTolerance)) break;
    let direction = quasiNewton(free, pairs);
    if (!(dot(direction, free) < 0)) {
      pairs = [];
      direction = quasiNewton(free, pairs);
    }
    let length = pairs.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(free, free)));
    let next: { x: Float64Array; gradient: Float64Array; value: number } | undefined;
    for (let back = 0; back < BACKTRACKS && left > 0; back++, length *= 0.4) {
      const along = project(sum(x, direction, length), box);
      const slope = new Float64Array(x.length);
      const reached = objective(along, slope);
      left--;
      const promised = dot(free, sum(along, x, -1));
      if (Number.isFinite(reached) && reached <= value + SUFFICIENT * promised) {
        next = { x: along, gradient: slope, value: reached };
        break;
      }
    }
    if (next === undefined) {
      if (pairs.length === 0) break;
      // The curvature collected so far misleads here: once more downhill.
      pairs = [];
      continue;
    }
    pairs = remember(pairs, sum(next.x, x, -1), sum(next.gradient, gradient, -1));
    ({ x, gradient, value } = next);
  }
  return { x, value };
}

function remember(pairs: readonly Pair[], step: Float64Array, change: Float64Array): Pair[] {
  const curvature = dot(step, change);
  if (!(curvature > 1e-10 * dot(change, change))) return [...pairs];
  return [...pairs, { step, change, curvature }].slice(-MEMORY);
}

/** The gradient without the variables that it presses against a bound. */
function freeGradient(x: Float64Array, gradient: Float64Array, { lower, upper }: Box) {
  return gradient.map((g, i) => {
    const at = x[i] as number;
    const isHeld = (at <= (lower[i] as number) && g > 0) || (at >= (upper[i] as number) && g < 0);
    return isHeld ? 0 : g;
  });
}

/** The two-loop recursion; held variables stay where they are. */
function quasiNewton(free: Float64Array, pairs: readonly Pair[]): Float64Array {
  let direction: Float64Array = free.map((g) => -g);
  const factors: number[] = [];
  for (const { step, change, curvature } of pairs.toReversed()) {
    const factor = dot(step, direction) / curvature;
    factors.unshift(factor);
    direction = sum(direction, change, -factor);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.change, last.change);
    direction = direction.map((x) => x * scale);
  }
  for (const [i, { step, change, curvature }] of pairs.entries()) {
    const factor = dot(change, direction) / curvature;
    direction = sum(direction, step, (factors[i] as number) - factor);
  }
  return direction.map((x, i) => (free[i] === 0 ? 0 : x));
}

function project(x: Float64Array, { lower, upper }: Box): Float64Array {
  return x.map((at, i) => Math.min(Math.max(at, lower[i] as number), upper[i] as number));
}

function sum(x: Float64Array, y: Float64Array, factor: number): Float64Array {
  return x.map((at, i) => at + factor * (y[i] as number));
}

function dot(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += (x[i] as number) * (y[i] as number);
  return total;
}
