import type { Space } from '../../space/space.ts';
import { compareRanks, type Observations, type Rank, rankOf } from '../observations.ts';
import type { Goal, HistoryEntry } from '../problem.ts';
import type { Settings } from './settings.ts';
import { type CmaState, firstState, nextState } from './state.ts';

/** A generation and the state after it and all before it. */
export interface Generation {
  readonly entries: readonly HistoryEntry[];
  readonly points: readonly Float64Array[];
  readonly state: CmaState;
}

/** What was folded last for each space: saves work, and no answer depends on it. */
const FOLDED = new WeakMap<Space, Map<Goal, Generation[]>>();

/** The generations to hand to {@link foldHistory} for this space and goal; it changes them. */
export function generationsOf(space: Space, goal: Goal): Generation[] {
  const known = FOLDED.get(space) ?? new Map<Goal, Generation[]>();
  FOLDED.set(space, known);
  const generations = known.get(goal) ?? [];
  known.set(goal, generations);
  return generations;
}

/**
 * The state after every whole generation of a history.
 *
 * @param folded Generations of an earlier fold: as far as they are the same their states are taken,
 * from there on they are replaced by those of this one.
 */
export function foldHistory(
  goal: Goal,
  observations: Observations,
  settings: Settings,
  folded: Generation[] = [],
): CmaState {
  const { results, columns } = observations;
  const { population, dimensions } = settings;
  let state = firstState(dimensions);
  let count = 0;
  let rows: number[] = [];
  for (let row = 0; row < results.length; row++) {
    const entry = results[row];
    // A failed configuration says nothing; one that diverged or is infeasible is among the worst.
    if (entry === undefined || entry.outcome === 'failed') continue;
    rows.push(row);
    if (rows.length < population) continue;
    const known = folded[count];
    if (known !== undefined && isSameGeneration(known, rows, observations)) {
      state = known.state;
    } else {
      const entries = rows.map((at) => results[at] as HistoryEntry);
      const points = rows.map((at) => Float64Array.from(columns, (column) => column[at] as number));
      state = afterGeneration(state, settings, goal, entries, points);
      folded.length = count;
      folded.push({ entries, points, state });
    }
    count += 1;
    rows = [];
  }
  return state;
}

function afterGeneration(
  state: CmaState,
  settings: Settings,
  goal: Goal,
  entries: readonly HistoryEntry[],
  points: readonly Float64Array[],
): CmaState {
  const generation = points.map((point, i) => ({ point, rank: rankOf(goal, entries[i]) }));
  const ranked = generation.filter(({ rank }) => rank !== undefined).length;
  // Without enough results to draw the mean, a generation would only add noise.
  if (ranked < settings.parents) return state;
  const sorted = generation.toSorted((a, b) => compareOptional(a.rank, b.rank));
  return nextState(
    state,
    settings,
    sorted.map(({ point }) => point),
  );
}

/** All of what a rank is made of, and the coordinates; Object.is, since NaN stands for none. */
function isSameGeneration(
  { entries, points }: Generation,
  rows: readonly number[],
  { results, columns }: Observations,
): boolean {
  return rows.every((row, i) => {
    const [a, b] = [entries[i], results[row]];
    if (a !== b && !(a?.outcome === b?.outcome && a?.step === b?.step)) return false;
    if (a !== b && !Object.is(a?.value, b?.value)) return false;
    if (a !== b && a?.violation !== b?.violation) return false;
    return columns.every((column, d) => Object.is(column[row], points[i]?.[d]));
  });
}

function compareOptional(a: Rank | undefined, b: Rank | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareRanks(a, b);
}
