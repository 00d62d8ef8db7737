import { domainSize } from '../space/domain.ts';
import { varyingDimensions } from '../space/space.ts';
import type { UnitDomain } from '../space/unit.ts';
import { compareRanks, observe, type Rank, rankOf } from '../suggest/observations.ts';
import type { History, Problem } from '../suggest/problem.ts';
import { pearsonDivergence, smoothedDensity } from './grid-density.ts';

const GRID = 50;
const TOP_SHARE = 0.1;
const LEAST_TOP = 2;

export interface ParameterImportance {
  readonly name: string;
  /** Share of the whole, from 0 to 1; all are 0 if the history tells no difference. */
  readonly importance: number;
}

/**
 * How much each parameter that varies decides whether a configuration is among the best tenth, the
 * most important first; the same history gives the same answer, in whatever order.
 *
 * PED-ANOVA: how far a parameter's distribution among the best diverges from that among all. For a
 * conditional one both are taken where it is active, weighted by the squared share of the best
 * there over the share of all. What runs or failed is left out; what diverged counts as not good.
 *
 * @see Watanabe, Bansal, Hutter, "PED-ANOVA" (IJCAI 2023).
 */
export function importance(
  { space, goal }: Pick<Problem, 'space' | 'goal'>,
  history: History,
): readonly ParameterImportance[] {
  const { results, columns, domains } = observe(space, history);
  const ranks = results.map((entry) => rankOf(goal, entry));
  const all = [...results.keys()].filter((row) => {
    const outcome = results[row]?.outcome;
    return outcome !== undefined && outcome !== 'failed';
  });
  const isTop = bestRows(ranks, all);
  const raw = varyingDimensions(space).map(({ name }, d) => {
    const column = columns[d] as Float64Array;
    return { name, importance: divergenceOf(column, domains[d] as UnitDomain, all, isTop) };
  });
  const total = raw.reduce((sum, { importance: share }) => sum + share, 0);
  return raw
    .map(({ name, importance: share }) => ({ name, importance: total > 0 ? share / total : 0 }))
    .toSorted((a, b) => b.importance - a.importance);
}

/** Rows of the best tenth, with all that equal the last of them. */
function bestRows(
  ranks: readonly (Rank | undefined)[],
  all: readonly number[],
): (row: number) => boolean {
  const sorted = ranks.filter((rank) => rank !== undefined).toSorted(compareRanks);
  const count = Math.max(LEAST_TOP, Math.ceil(TOP_SHARE * all.length));
  const last = sorted[Math.min(count, sorted.length) - 1];
  return (row) => {
    const rank = ranks[row];
    return last !== undefined && rank !== undefined && compareRanks(rank, last) <= 0;
  };
}

function divergenceOf(
  column: Float64Array,
  unit: UnitDomain,
  all: readonly number[],
  isTop: (row: number) => boolean,
): number {
  const points = unit.choices > 0 ? unit.choices : Math.min(GRID, domainSize(unit.domain));
  const counts = new Float64Array(points);
  const topCounts = new Float64Array(points);
  let [active, top, topActive] = [0, 0, 0];
  for (const row of all) {
    const isBest = isTop(row);
    if (isBest) top++;
    const coordinate = column[row] as number;
    if (Number.isNaN(coordinate)) continue;
    active++;
    const at = gridPoint(unit, points, coordinate);
    counts[at] = (counts[at] as number) + 1;
    if (!isBest) continue;
    topActive++;
    topCounts[at] = (topCounts[at] as number) + 1;
  }
  if (topActive === 0) return 0;
  const divergence =
    unit.choices > 0
      ? divergenceOfChoices(topCounts, counts)
      : pearsonDivergence(smoothedDensity(topCounts), smoothedDensity(counts));
  const topShare = topActive / top;
  return (divergence * topShare * topShare) / (active / all.length);
}

function gridPoint({ choices, domain }: UnitDomain, points: number, coordinate: number): number {
  if (choices > 0) return coordinate;
  // A coordinate in the middle of one of `points` equal cells, or of as many as there are values.
  const isNumbered = domain.kind !== 'continuous' && domain.size <= GRID;
  const isEven = isNumbered && (domain.kind === 'list' || domain.logBounds === undefined);
  const place = isEven ? Math.floor(coordinate * points) : Math.round(coordinate * (points - 1));
  return Math.min(place, points - 1);
}

/**
 * Without an order there are no neighbours to smooth with: one observation a choice, spread as among
 * all, keeps many choices and few best ones from looking important by chance.
 */
function divergenceOfChoices(topCounts: Float64Array, counts: Float64Array): number {
  const choices = counts.length;
  const all = shares(counts);
  const top = shares(topCounts.map((count, at) => count + choices * (all[at] as number)));
  return pearsonDivergence(top, all);
}

function shares(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}
