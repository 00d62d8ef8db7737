import { type ExperimentSpec, isTerminalTrial, mainObjective, type Trial } from '@espalier/api';
import { type Contestant, leaderboard, loss, mean, type Standing } from '@espalier/search';
import { compareMeasured } from './measured.ts';
import { progressOf } from './progress.ts';

/**
 * How the configurations of an Experiment stand, the best first: whoever was measured better is ahead, as
 * for the best itself. Those that failed, diverged or have no value are left out.
 */
export function leaderboardOf(spec: ExperimentSpec, trials: readonly Trial[]): readonly Standing[] {
  const { goal } = mainObjective(spec);
  const progress = progressOf(spec, trials);
  const measured = Array.from({ length: progress.created }, (_, index) => {
    const state = progress.stateOf(index);
    if (state?.value === undefined) return [];
    const { counted, isConfirmed: confirmed } = state;
    const own = { index, counted, byReplicate: valuesOf(progress.trialsOf(index)) };
    const lossOf = loss(goal, mean(counted));
    return [{ own, confirmed, replicates: counted.length, lossOf }];
  }).flat();
  const ranked = measured
    .sort((a, b) => compareMeasured(b, a) || a.lossOf - b.lossOf || a.own.index - b.own.index)
    .map(({ own }): Contestant => own);
  return leaderboard(goal, ranked, spec.search.seed);
}

function valuesOf(trials: readonly Trial[]): ReadonlyMap<number, number> {
  return new Map(
    trials.flatMap(({ spec, status }) => {
      const value = status?.observation?.value;
      return isTerminalTrial(status?.phase) && value !== undefined ? [[spec.replicate, value]] : [];
    }),
  );
}
