import { generatorFor } from '../numeric/generator.ts';
import { hashText } from '../numeric/hash.ts';
import { loss } from '../prune/rank.ts';
import { holm } from '../statistics/holm.ts';
import { type Interval, mean, meanInterval } from '../statistics/interval.ts';
import { pairedTest } from '../statistics/paired-test.ts';
import type { Goal } from '../suggest/problem.ts';

/** A configuration and what was measured of it. */
export interface Contestant {
  /** Configuration number. */
  readonly index: number;
  /** The values that its mean is of: finite, not empty. */
  readonly counted: readonly number[];
  /** All its values, by replicate: those of the same replicate are compared. */
  readonly byReplicate: ReadonlyMap<number, number>;
}

export interface Standing {
  readonly index: number;
  readonly mean: number;
  /** 95 %; absent of a single value. */
  readonly interval?: Interval;
  readonly replicates: number;
  /** Probability of the best mean, among those with more than one value; absent of a single value. */
  readonly pBest?: number;
  /**
   * p-value that it is worse than the first one by chance alone, paired by replicate and adjusted for all
   * the comparisons; absent of the first one, and where fewer than two replicates are shared.
   */
  readonly pWorse?: number;
  /** Whether it is told apart from the first one: `pWorse` is below 0.05. */
  readonly isApart: boolean;
}

const PURPOSE = hashText('leaderboard');
const RESAMPLES = 2000;
const SIGNIFICANT = 0.05;

/**
 * How configurations stand that were measured more than once, and which cannot be told from the first.
 * The same arguments always give the same numbers.
 *
 * @param ranked The best first.
 * @see Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979), with the same replicates drawn
 *   for all; Holm (1979) for the comparisons.
 */
export function leaderboard(goal: Goal, ranked: readonly Contestant[], seed: number): Standing[] {
  const chances = chancesOfBest(goal, ranked, seed);
  const [first, ...rest] = ranked;
  const tests = rest.flatMap((contestant) => {
    const differences = first === undefined ? [] : pairs(goal, contestant, first);
    return differences.length < 2 ? [] : [{ contestant, p: pairedTest(differences) }];
  });
  const adjusted = holm(tests.map(({ p }) => p));
  const worse = new Map(tests.map(({ contestant }, i) => [contestant, adjusted[i] as number]));
  return ranked.map((contestant) => {
    const { index, counted } = contestant;
    const interval = meanInterval(counted);
    const pBest = chances.get(contestant);
    const pWorse = worse.get(contestant);
    return {
      ...{ index, mean: mean(counted), replicates: counted.length },
      ...(interval === undefined ? {} : { interval }),
      ...(pBest === undefined ? {} : { pBest }),
      ...(pWorse === undefined ? {} : { pWorse }),
      isApart: pWorse !== undefined && pWorse < SIGNIFICANT,
    };
  });
}

/** By how much it is worse on each replicate that both have. */
function pairs(goal: Goal, one: Contestant, other: Contestant): number[] {
  return [...one.byReplicate].flatMap(([replicate, value]) => {
    const than = other.byReplicate.get(replicate);
    return than === undefined ? [] : [loss(goal, value) - loss(goal, than)];
  });
}

function chancesOfBest(
  goal: Goal,
  ranked: readonly Contestant[],
  seed: number,
): ReadonlyMap<Contestant, number> {
  const measured = ranked.filter(({ counted }) => counted.length > 1);
  const most = measured.reduce((max, { counted }) => Math.max(max, counted.length), 0);
  const wins = new Map(measured.map((contestant) => [contestant, 0]));
  const generator = generatorFor(seed, 0, PURPOSE);
  for (let round = 0; round < RESAMPLES && measured.length > 0; round++) {
    // The same places for all: what a replicate does to everybody cancels.
    const places = Array.from({ length: most }, () => generator.nextUnit());
    let best = measured[0] as Contestant;
    let least = Number.POSITIVE_INFINITY;
    for (const contestant of measured) {
      const { counted } = contestant;
      let sum = 0;
      for (let i = 0; i < counted.length; i++) {
        const place = Math.floor((places[i] as number) * counted.length);
        sum += loss(goal, counted[place] as number);
      }
      if (sum / counted.length >= least) continue;
      least = sum / counted.length;
      best = contestant;
    }
    wins.set(best, (wins.get(best) ?? 0) + 1);
  }
  return new Map([...wins].map(([contestant, count]) => [contestant, count / RESAMPLES]));
}
