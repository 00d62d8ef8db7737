import { mean, meanSquare } from './interval.ts';
import { studentCdf } from './student-t.ts';

/** Fewer pairs than this cannot reach a p of 0.1 by signs and ranks: with 3 the least is 1/8. */
const LEAST_RANKED = 4;

/**
 * Probability of differences at least as large if neither side were larger, by ranks from 4 pairs on, by
 * Student's t below; 1 where there are too few to tell.
 *
 * @param differences Of pairs, such as two configurations by seed: finite.
 */
export function pairedTest(differences: readonly number[]): number {
  if (differences.length >= LEAST_RANKED) return signedRankTest(differences);
  return differences.length >= 2 ? studentTest(differences) : 1;
}

/** The one-sided t-test that the mean is above 0; at least two differences. */
export function studentTest(differences: readonly number[]): number {
  const centre = mean(differences);
  const deviation = Math.sqrt(meanSquare(differences) / differences.length);
  if (deviation === 0) return centre > 0 ? 0 : 1;
  return 1 - studentCdf(centre / deviation, differences.length - 1);
}

/**
 * The one-sided signed-rank test, exact for ties and zeros as well: over all signs that the differences
 * could have. A difference of zero keeps its rank and counts half for either side.
 *
 * @see Wilcoxon, "Individual Comparisons by Ranking Methods" (1945); zeros split as by Pratt's ranks.
 */
export function signedRankTest(differences: readonly number[]): number {
  const ranks = doubledRanks(differences);
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  // ways[s] is the share of the signs for which the ranks of the positive ones add up to s.
  let ways = new Float64Array(total + 1);
  ways[0] = 1;
  let observed = 0;
  let zeros = 0;
  for (const [i, rank] of ranks.entries()) {
    const difference = differences[i] as number;
    if (difference === 0) {
      zeros += rank / 2;
      continue;
    }
    if (difference > 0) observed += rank;
    const next = new Float64Array(total + 1);
    for (let sum = 0; sum <= total; sum++) {
      next[sum] = ((ways[sum] as number) + (sum >= rank ? (ways[sum - rank] as number) : 0)) / 2;
    }
    ways = next;
  }
  // The zeros add the same to every sum, so they cancel.
  return zeros === total / 2 ? 1 : ways.subarray(observed).reduce((sum, way) => sum + way, 0);
}

/** Twice the ranks of the absolute values: whole numbers, since equals share the mean of their places. */
function doubledRanks(differences: readonly number[]): number[] {
  const order = [...differences.keys()].sort(
    (a, b) => Math.abs(differences[a] as number) - Math.abs(differences[b] as number) || a - b,
  );
  const ranks: number[] = new Array(differences.length).fill(0);
  for (let from = 0; from < order.length; ) {
    const size = Math.abs(differences[order[from] as number] as number);
    let to = from + 1;
    while (to < order.length && Math.abs(differences[order[to] as number] as number) === size) to++;
    for (let place = from; place < to; place++) ranks[order[place] as number] = from + to + 1;
    from = to;
  }
  return ranks;
}
