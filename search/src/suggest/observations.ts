import { loss } from '../prune/rank.ts';
import { type Space, varyingDimensions } from '../space/space.ts';
import { type UnitDomain, unitDomain } from '../space/unit.ts';
import type { Goal, History, HistoryEntry, RunningEntry } from './problem.ts';

/** What a model learns from: a history in index order, as one column of coordinates a dimension. */
export interface Observations {
  /** Finished and running ones together. */
  readonly count: number;
  /** Rows that were known before the search began: the first ones. */
  readonly prior: number;
  /** The finished entry of each row; `undefined` while it runs. */
  readonly results: readonly (HistoryEntry | undefined)[];
  /** The dimensions that vary, in declaration order. */
  readonly domains: readonly UnitDomain[];
  /** By dimension, then row: the coordinate, NaN where the dimension is inactive. */
  readonly columns: readonly Float64Array[];
}

/** Puts a history in index order, whatever order its entries have. */
export function observe(space: Space, { entries, running }: History): Observations {
  const rows: (HistoryEntry | RunningEntry)[] = [...entries, ...running];
  if (!isAscending(rows)) rows.sort((a, b) => a.index - b.index);
  const varying = varyingDimensions(space);
  const domains = varying.map(({ domain }) => unitDomain(domain));
  const columns = varying.map(({ name }, d) => {
    const { toUnit } = domains[d] as UnitDomain;
    const column = new Float64Array(rows.length);
    for (let row = 0; row < rows.length; row++) {
      column[row] = toUnit((rows[row] as HistoryEntry).configuration[name]);
    }
    return column;
  });
  const results = rows.map((row) => ('outcome' in row ? row : undefined));
  const own = rows.findIndex(({ index }) => index >= 0);
  const prior = own < 0 ? rows.length : own;
  return { count: rows.length, prior, results, domains, columns };
}

function isAscending(rows: readonly RunningEntry[]): boolean {
  for (let row = 1; row < rows.length; row++) {
    if ((rows[row - 1] as RunningEntry).index > (rows[row] as RunningEntry).index) return false;
  }
  return true;
}

/**
 * A result that can be compared: complete ones by their loss, behind them those a rule stopped, the
 * longer a run the better, and behind these whatever misses a constraint, by how much it does.
 */
export interface Rank {
  readonly violation: number;
  readonly wasStopped: boolean;
  readonly step: number;
  readonly loss: number;
}

/** The rank of a result; `undefined` if it has no finite value, diverged, failed or is infeasible. */
export function rankOf(goal: Goal, entry: HistoryEntry | undefined): Rank | undefined {
  if (entry?.value === undefined || !Number.isFinite(entry.value)) return undefined;
  if (entry.outcome !== 'succeeded' && entry.outcome !== 'stopped') return undefined;
  const wasStopped = entry.outcome === 'stopped';
  const { step = 0 } = entry;
  return {
    violation: violationOf(entry),
    wasStopped,
    step: Number.isNaN(step) ? 0 : step,
    loss: loss(goal, entry.value),
  };
}

/** By how much a result misses the constraints; what cannot be told is as bad as can be. */
export function violationOf({ violation = 0 }: HistoryEntry): number {
  return Number.isNaN(violation) ? Number.POSITIVE_INFINITY : Math.max(0, violation);
}

/** Negative if `a` is the better one. */
export function compareRanks(a: Rank, b: Rank): number {
  // Not by the difference: that of two infinities is NaN.
  if (a.violation !== b.violation) return a.violation < b.violation ? -1 : 1;
  if (a.wasStopped !== b.wasStopped) return a.wasStopped ? 1 : -1;
  // Equal infinite steps subtract to NaN.
  if (a.wasStopped && a.step !== b.step) return b.step - a.step;
  return a.loss - b.loss;
}

/**
 * Whether this search has this very configuration: tried before, or running.
 *
 * @param units Its coordinates, NaN where inactive; a continuous dimension all but rules it out.
 */
export function wasTried({ columns, count, prior }: Observations, units: Float64Array): boolean {
  for (let row = prior; row < count; row++) {
    let d = 0;
    // Object.is, since NaN equals NaN here.
    while (d < columns.length && Object.is((columns[d] as Float64Array)[row], units[d])) d++;
    if (d === columns.length) return true;
  }
  return false;
}
