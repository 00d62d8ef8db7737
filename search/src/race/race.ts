import { loss } from '../prune/rank.ts';
import { mean } from '../statistics/interval.ts';
import { pairedTest } from '../statistics/paired-test.ts';
import type { Goal } from '../suggest/problem.ts';

/**
 * A race of configurations over replicates: whoever may win is given more of them. All get the same
 * ones in the same order (common random numbers), so that two are compared pair by pair.
 */
export interface RaceRule {
  /** `asha`: the best 1/eta of a rung go on; `wilcoxon`: all that are not significantly worse. */
  readonly algorithm: 'asha' | 'wilcoxon';
  readonly eta: number;
  /** Of a configuration that goes to the end. */
  readonly replicates: number;
}

/** A configuration at a rung. */
export interface Racer {
  /** Configuration number. */
  readonly index: number;
  /** Its values on the replicates of the rung, in their order. */
  readonly values: readonly number[];
  /** Whether it waits there: it was not let on, and no replicate of it failed. */
  readonly waits: boolean;
}

/** A p-value below this is significant. Tests are repeated at each rung, so it is no error rate. */
const SIGNIFICANT = 0.1;

/** Replicates that a configuration has at each rung, ascending; the last rung has all of them. */
export function raceRungs({ algorithm, eta, replicates }: RaceRule): readonly number[] {
  const rungs: number[] = [];
  const growth = (size: number) => (algorithm === 'asha' ? size * eta : size + 1);
  for (let size = 1; size < replicates; size = growth(size)) rungs.push(size);
  return [...rungs, replicates];
}

/**
 * The configuration that is given the replicates of the next rung, the highest rung first; undefined if
 * a new configuration is worth more.
 *
 * Nobody goes on who is significantly worse than the leader of the rung on the same replicates; whoever
 * is as good in the mean is never held back by the test.
 *
 * @param rungs Who completed each rung, by position in {@link raceRungs}, whatever became of them.
 * @param isEnd Whether there will be no new configuration and nothing runs: the leader of each rung goes
 *   on then, however few there are.
 * @see Li et al. (2020), ASHA with the number of replicates as the resource; Birattari et al., "A Racing
 *   Algorithm for Configuring Metaheuristics" (2002), for the tests.
 */
export function nextRacer(
  rule: RaceRule,
  goal: Goal,
  rungs: readonly (readonly Racer[])[],
  isEnd: boolean,
): { readonly index: number; readonly rung: number } | undefined {
  for (let rung = raceRungs(rule).length - 2; rung >= 0; rung--) {
    const racers = rungs[rung] ?? [];
    if (!racers.some(({ waits }) => waits)) continue;
    const ranked = rankRacers(goal, racers);
    const share = rule.algorithm === 'asha' ? Math.floor(ranked.length / rule.eta) : ranked.length;
    const [leader] = ranked;
    const next = ranked
      .slice(0, Math.max(isEnd ? 1 : 0, share))
      .find((racer) => racer.waits && leader !== undefined && !isWorse(goal, racer, leader));
    if (next !== undefined) return { index: next.index, rung };
  }
  return undefined;
}

/** The best mean first; of equals the lower number. */
export function rankRacers<R extends Pick<Racer, 'index' | 'values'>>(
  goal: Goal,
  racers: readonly R[],
): R[] {
  const losses = new Map(racers.map((racer) => [racer, loss(goal, mean(racer.values))]));
  return racers.toSorted((a, b) => {
    const [left, right] = [losses.get(a) as number, losses.get(b) as number];
    return left === right ? a.index - b.index : left - right;
  });
}

/** Whether it is worse than the leader in the mean, and so clearly that chance does not explain it. */
function isWorse(goal: Goal, racer: Racer, leader: Racer): boolean {
  const differences = racer.values.map((value, j) => {
    return loss(goal, value) - loss(goal, leader.values[j] as number);
  });
  return mean(differences) > 0 && pairedTest(differences) < SIGNIFICANT;
}
