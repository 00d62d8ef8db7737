import type { Configuration, Dimension } from '@espalier/search';
import { normalFrom, streamOf } from './random.ts';
import { type Instance, sampledMedian, type Task } from './task.ts';

type Vector = readonly number[];
type Shape = (z: Vector) => number;

const SIZES = [5, 10];
const BOUND = 5;
/** The optimum lies within these bounds, so that it is hardly ever in the middle or at an edge. */
const SHIFT = 4;

/**
 * Ten functions in the manner of BBOB, of which they take the shapes and not the constants: each has
 * the value 0 at an optimum that is shifted and axes that are turned, both by the seed.
 *
 * @see Hansen et al., "Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions".
 */
const SHAPES: Record<string, { readonly shape: Shape; readonly isSmooth: boolean }> = {
  sphere: { shape: (z) => sum(z, square), isSmooth: true },
  ellipsoid: { shape: (z) => sum(z, (x, i) => 10 ** (6 * share(z, i)) * x * x), isSmooth: true },
  discus: { shape: (z) => sum(z, (x, i) => (i === 0 ? 1e4 : 1) * x * x), isSmooth: true },
  cigar: { shape: (z) => sum(z, (x, i) => (i === 0 ? 1 : 1e4) * x * x), isSmooth: true },
  powers: {
    shape: (z) => Math.sqrt(sum(z, (x, i) => Math.abs(x) ** (2 + 4 * share(z, i)))),
    isSmooth: true,
  },
  rosenbrock: { shape: rosenbrock, isSmooth: true },
  ridge: {
    shape: (z) => square(z[0] as number) + 100 * Math.sqrt(sum(z.slice(1), square)),
    isSmooth: false,
  },
  rastrigin: {
    shape: (z) => sum(z, (x) => x * x + 10 * (1 - Math.cos(2 * Math.PI * x))),
    isSmooth: false,
  },
  schaffers: { shape: schaffers, isSmooth: false },
  peaks: { shape: peaks, isSmooth: false },
};

export const FUNCTION_TASKS: readonly Task[] = SIZES.flatMap((size) =>
  Object.entries(SHAPES).map(([shapeName, { shape, isSmooth }]): Task => {
    const name = `${shapeName}-${size}`;
    const dimensions = Array.from({ length: size }, (_, d): Dimension => {
      return { name: `x${d}`, kind: 'float', min: -BOUND, max: BOUND, scale: 'linear' };
    });
    const instanceOf = (seed: number) => instanceFrom(name, dimensions, shape, seed);
    return { family: 'synthetic', name, isSmooth, dimensions, instanceOf };
  }),
);

function instanceFrom(
  name: string,
  dimensions: readonly Dimension[],
  shape: Shape,
  seed: number,
): Instance {
  const next = streamOf(`${name} ${seed}`);
  const optimum = dimensions.map(() => SHIFT * (2 * next() - 1));
  const rotation = rotationFrom(dimensions.length, next);
  const objective = (configuration: Configuration) => {
    const moved = optimum.map((at, d) => Number(configuration[`x${d}`]) - at);
    return shape(rotation.map((row) => sum(row, (r, d) => r * (moved[d] as number))));
  };
  return { objective, optimum: 0, median: sampledMedian(dimensions, seed, objective) };
}

/** A rotation drawn evenly: normal numbers made orthonormal by Gram and Schmidt. */
function rotationFrom(size: number, next: () => number): readonly Vector[] {
  const rows: Vector[] = [];
  while (rows.length < size) {
    let row: Vector = Array.from({ length: size }, () => normalFrom(next));
    for (const other of rows) {
      const along = sum(other, (x, d) => x * (row[d] as number));
      row = row.map((x, d) => x - along * (other[d] as number));
    }
    const length = Math.sqrt(sum(row, square));
    if (length > 1e-6) rows.push(row.map((x) => x / length));
  }
  return rows;
}

/** The valley bends away from the optimum, which stands at 0 here. */
function rosenbrock(z: Vector): number {
  const at = z.map((x) => x / 2 + 1);
  return sum(at.slice(1), (x, i) => {
    const before = at[i] as number;
    return 100 * (before * before - x) ** 2 + (before - 1) ** 2;
  });
}

function schaffers(z: Vector): number {
  const mean =
    sum(z.slice(1), (x, i) => {
      const s = Math.hypot(z[i] as number, x);
      return Math.sqrt(s) * (1 + Math.sin(50 * s ** 0.2) ** 2);
    }) /
    (z.length - 1);
  return mean * mean;
}

/** After Gallagher: the best of 21 hills, of which the highest stands at 0. */
function peaks(z: Vector): number {
  let best = 0;
  for (let p = 0; p < 21; p++) {
    const height = p === 0 ? 10 : 1.1 + (8 * (p - 1)) / 19;
    const width = p === 0 ? 2 : 1 + (p % 5);
    const distance = sum(z, (x, d) => square((x - hillAt(p, d)) / width));
    best = Math.max(best, height * Math.exp(-distance / (2 * z.length)));
  }
  return (10 - best) ** 2;
}

/** The same hills for every seed: the seed turns and shifts them all. */
function hillAt(p: number, d: number): number {
  if (p === 0) return 0;
  return 8 * ((((p * 0.618034 + d * 0.754878 + p * d * 0.56984) % 1) + 1) % 1) - 4;
}

function share(z: Vector, i: number): number {
  return i / (z.length - 1);
}

function square(x: number): number {
  return x * x;
}

function sum(z: Vector, term: (x: number, i: number) => number): number {
  return z.reduce((total, x, i) => total + term(x, i), 0);
}
