import { compareRanks, type Rank, rankOf } from '../observations.ts';
import type { Goal, HistoryEntry } from '../problem.ts';

const MOST_BELOW = 25;
const SHARE_BELOW = 0.1;

/** Rows of the good and of all other configurations, each from the oldest to the newest. */
export interface Split {
  readonly below: Int32Array;
  readonly above: Int32Array;
}

/**
 * Parts a history: the best tenth, at most 25, goes below and the rest above. Beside what runs it is
 * fewer: with 64 workers the whole tenth left a tenth more regret on tables and conditional
 * spaces after 200 trials.
 *
 * Whatever cannot be ranked goes above: what runs, so that many workers do not all try one place
 * (the constant liar), and what failed, diverged or is infeasible, so that the place is avoided.
 * Failures do not count for the tenth.
 *
 * @param results In index order; `undefined` while it runs.
 */
export function split(goal: Goal, results: readonly (HistoryEntry | undefined)[]): Split {
  const known = results.length - results.filter((entry) => entry === undefined).length;
  const part = known / Math.max(1, results.length);
  const most = Math.min(Math.ceil(part * SHARE_BELOW * countFinished(results)), MOST_BELOW);
  const best: { row: number; rank: Rank }[] = [];
  for (const [row, entry] of results.entries()) {
    const rank = rankOf(goal, entry);
    if (rank === undefined) continue;
    const last = best[most - 1];
    if (last !== undefined && compareRanks(rank, last.rank) >= 0) continue;
    // Equal ranks keep the older one in front.
    let place = best.length;
    while (place > 0 && compareRanks(rank, (best[place - 1] as { rank: Rank }).rank) < 0) place--;
    best.splice(place, 0, { row, rank });
    if (best.length > most) best.pop();
  }
  return partAt(
    best.map(({ row }) => row),
    results.length,
  );
}

/** The split with these rows of `count` below. */
export function partAt(rows: readonly number[], count: number): Split {
  const below = Int32Array.from(rows).sort();
  const isBelow = new Uint8Array(count);
  for (const row of below) isBelow[row] = 1;
  const above = new Int32Array(count - below.length);
  let next = 0;
  for (let row = 0; row < count; row++) if (isBelow[row] === 0) above[next++] = row;
  return { below, above };
}

/** The same weight for `count` components and for the prior. */
export function equalWeights(count: number): Float64Array {
  return new Float64Array(count + 1).fill(1 / (count + 1));
}

/** A tenth of what has a result, rounded up. */
export function shareBelow(results: readonly (HistoryEntry | undefined)[]): number {
  return Math.ceil(SHARE_BELOW * countFinished(results));
}

function countFinished(results: readonly (HistoryEntry | undefined)[]): number {
  return results.filter((entry) => entry !== undefined && entry.outcome !== 'failed').length;
}

const FULL_WEIGHT = 25;

/**
 * Weights of `count` components from the oldest to the newest and of the prior behind them: the
 * newest 25 and the prior count fully, older ones the less the older; the sum is 1.
 */
export function componentWeights(count: number): Float64Array {
  const weights = new Float64Array(count + 1).fill(1);
  const ramp = count - FULL_WEIGHT;
  const rise = ramp > 1 ? (1 - 1 / count) / (ramp - 1) : 0;
  for (let k = 0; k < ramp; k++) weights[k] = 1 / count + k * rise;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
