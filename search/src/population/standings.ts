import { absorb, hashText, keyOf, type Word64, wordOf } from '../numeric/hash.ts';
import { loss } from '../prune/rank.ts';
import type { Goal } from '../suggest/problem.ts';

/** What a member of a population reported at one of its milestones. */
export interface PopulationEntry {
  /** Of the member. */
  readonly index: number;
  /** The milestone. */
  readonly step: number;
  /** Arrival number over all members and milestones. */
  readonly order: number;
  /** The raw value: may be NaN or infinite, which ranks last for either goal. */
  readonly value: number;
  /** Whether the member was replaced there. */
  readonly isLast: boolean;
}

/** The latest value of a member. */
export interface Member {
  readonly index: number;
  readonly order: number;
  readonly value: number;
}

/**
 * The population as it stood before an arrival: the latest entry of each member that was not replaced. The
 * same entries in any order give the same.
 *
 * @param before Entries with this arrival number or a higher one were not there yet.
 * @param upTo Entries of later milestones are left out, so that whoever began late is compared with what
 *   the others had reported by then. Default none.
 */
export function standings(
  entries: Iterable<PopulationEntry>,
  before: number,
  upTo = Number.POSITIVE_INFINITY,
): readonly Member[] {
  const latest = new Map<number, PopulationEntry>();
  const replaced = new Set<number>();
  for (const entry of entries) {
    if (entry.order >= before) continue;
    if (entry.isLast) replaced.add(entry.index);
    const known = latest.get(entry.index);
    if (entry.step > upTo || (known !== undefined && known.order > entry.order)) continue;
    latest.set(entry.index, entry);
  }
  return [...latest.values()]
    .filter(({ index }) => !replaced.has(index))
    .map(({ index, order, value }) => ({ index, order, value }))
    .sort((a, b) => a.order - b.order || a.index - b.index);
}

/**
 * Whether a member is among the worst `quantile` of the population, so that a better one may take its
 * place. Ties go on, and so does everybody while the population is too small to have such a part.
 */
export function isPoor(
  goal: Goal,
  quantile: number,
  others: readonly Member[],
  value: number,
): boolean {
  const size = others.length + 1;
  const own = loss(goal, value);
  const better = others.filter((other) => loss(goal, other.value) < own).length;
  const part = partOf(size, quantile);
  return part > 0 && better >= size - part;
}

/**
 * The best `quantile` of the population, in the order in which a new member takes one for its donor: by
 * hash, so that the choice needs no state. Ties go to whoever arrived first.
 *
 * @param index Of the new member.
 */
export function donors(
  goal: Goal,
  quantile: number,
  members: readonly Member[],
  seed: number,
  index: number,
): readonly number[] {
  const key = keyOf(seed, index, PURPOSE);
  return ranked(goal, members)
    .slice(0, Math.max(1, partOf(members.length, quantile)))
    .map((member) => ({ index: member, hash: absorb(key, wordOf(member)) }))
    .sort((a, b) => compareWords(a.hash, b.hash) || a.index - b.index)
    .map((member) => member.index);
}

/** Members with a finite value, the best first; ties go to whoever arrived first. */
export function ranked(goal: Goal, members: readonly Member[]): readonly number[] {
  return members
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => loss(goal, a.value) - loss(goal, b.value) || a.order - b.order)
    .map(({ index }) => index);
}

const PURPOSE = hashText('population-donor');

function partOf(size: number, quantile: number): number {
  return Math.floor(size * quantile);
}

function compareWords(a: Word64, b: Word64): number {
  return a.hi - b.hi || a.lo - b.lo;
}
