import { type Losses, leadingFronts } from '../../pareto/dominance.ts';
import { hypervolumeSubset } from '../../pareto/subset.ts';
import { lossesOf } from '../../prune/rank.ts';
import { compareRanks, type Rank, rankOf } from '../observations.ts';
import type { Goal, HistoryEntry } from '../problem.ts';
import { partAt, type Split, shareBelow } from './split.ts';

/**
 * The hypervolume of one candidate takes the more the more are chosen; with 500 results and more a
 * tenth would be no better a model than this many.
 */
const MOST_BELOW = 50;

interface Row {
  readonly row: number;
  readonly losses: Losses;
}

/**
 * Parts a history by several objectives: the best tenth, at most 50, goes below and the rest above.
 *
 * First come complete results that miss no constraint, front by front; of the front that does not fit
 * whole, those that dominate the largest volume. Behind them those a rule stopped, the longest run
 * first, then those that miss constraints, by how much. Whatever cannot be ranked goes above.
 *
 * @param results In index order; `undefined` while it runs.
 */
export function splitFronts(
  goals: readonly Goal[],
  results: readonly (HistoryEntry | undefined)[],
): Split {
  const most = Math.min(shareBelow(results), MOST_BELOW);
  const complete: Row[] = [];
  const others: { readonly row: number; readonly rank: Rank }[] = [];
  for (const [row, entry] of results.entries()) {
    const losses = entry && finiteLosses(goals, entry);
    const rank = rankOf(goals[0] ?? 'minimize', entry);
    if (entry === undefined || rank === undefined) continue;
    if (losses !== undefined && rank.violation === 0 && !rank.wasStopped) {
      complete.push({ row, losses });
    } else {
      others.push({ row, rank });
    }
  }
  const below = bestRows(complete, most);
  others.sort((a, b) => compareRanks(a.rank, b.rank) || a.row - b.row);
  for (const { row } of others.slice(0, most - below.length)) below.push(row);
  return partAt(below, results.length);
}

/** All objectives as losses; `undefined` if one is not known. */
function finiteLosses(goals: readonly Goal[], { values }: HistoryEntry): Losses | undefined {
  if (values === undefined || values.length !== goals.length) return undefined;
  const losses = lossesOf(goals, values);
  return losses.every(Number.isFinite) ? losses : undefined;
}

function bestRows(complete: readonly Row[], most: number): number[] {
  const chosen: number[] = [];
  for (const front of leadingFronts(
    complete.map(({ losses }) => losses),
    most,
  )) {
    const rows = front.map((at) => complete[at] as Row);
    const points = rows.map(({ losses }) => losses);
    for (const at of hypervolumeSubset(points, most - chosen.length)) {
      chosen.push((rows[at] as Row).row);
    }
  }
  return chosen;
}
