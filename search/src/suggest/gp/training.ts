import { type Observations, rankOf } from '../observations.ts';
import type { Goal } from '../problem.ts';
import type { Points } from './kernel.ts';
import { modelRow } from './moves.ts';

/** What a model is fitted to. */
export interface Training {
  readonly points: Points;
  /** Mean 0, deviation 1, larger is better. */
  readonly values: Float64Array;
  /** Where each point stands in the observations. */
  readonly rows: readonly number[];
  readonly isChoice: Uint8Array;
}

/**
 * The finished results as standardised values; `undefined` if none has a finite value.
 *
 * What failed, diverged or is infeasible counts as the worst of the others, so that the model learns
 * to stay away without being bent by a number nobody measured.
 */
export function trainingOf(goal: Goal, observations: Observations): Training | undefined {
  const { results, columns, domains } = observations;
  const rows = [...results.keys()].filter((row) => results[row] !== undefined);
  const ranks = rows.map((row) => rankOf(goal, results[row]));
  const finite = ranks.filter((rank) => rank !== undefined).map(({ loss }) => loss);
  if (finite.length === 0) return undefined;
  const worst = finite.reduce((most, loss) => Math.max(most, loss), Number.NEGATIVE_INFINITY);
  const values = standardise(Float64Array.from(ranks, (rank) => -(rank?.loss ?? worst)));
  const isChoice = Uint8Array.from(domains, ({ choices }) => Number(choices > 0));
  const dimensions = columns.length;
  const all = new Float64Array(rows.length * dimensions);
  for (const [i, row] of rows.entries()) {
    const units = Float64Array.from(columns, (column) => column[row] as number);
    all.set(modelRow(units, isChoice), i * dimensions);
  }
  const points = { count: rows.length, dimensions, rows: all, isChoice };
  return { points, values, rows, isChoice };
}

function standardise(values: Float64Array): Float64Array {
  // Squares of the largest numbers overflow, and so do their sums.
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const scaled = values.map((value) => value / largest);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / values.length;
  const square = scaled.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  // Equal values differ by rounding only, which is nothing to learn from.
  const deviation = Math.sqrt(square / values.length);
  return scaled.map((value) => (deviation > 1e-14 ? (value - mean) / deviation : 0));
}

/** At most `most` of the results: the best third, and the others evenly from the oldest on. */
export function selectRows(training: Training, most: number): Pick<Training, 'points' | 'values'> {
  const { points, values } = training;
  if (points.count <= most) return training;
  const ranked = [...values.keys()].toSorted(
    (a, b) => (values[b] as number) - (values[a] as number),
  );
  const best = Math.floor(most / 3);
  const others = ranked.slice(best).toSorted((a, b) => a - b);
  const spread = Array.from({ length: most - best }, (_, i) => {
    return others[Math.floor((i * others.length) / (most - best))] as number;
  });
  const chosen = [...ranked.slice(0, best), ...spread];
  const { dimensions } = points;
  const rows = new Float64Array(chosen.length * dimensions);
  for (const [i, row] of chosen.entries()) {
    rows.set(points.rows.subarray(row * dimensions, (row + 1) * dimensions), i * dimensions);
  }
  return {
    points: { ...points, count: chosen.length, rows },
    values: Float64Array.from(chosen, (row) => values[row] as number),
  };
}
