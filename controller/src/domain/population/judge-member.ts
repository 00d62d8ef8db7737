import {
  type ExperimentSpec,
  mainObjective,
  type Population,
  type Rung,
  type Trial,
} from '@espalier/api';
import { donors, isPoor, type Member, type PopulationEntry, standings } from '@espalier/search';
import type { FeedView } from '../trial/feed-view.ts';
import { encodeRungValue } from '../trial/rungs.ts';
import { nextArrival } from './arrivals.ts';
import { memberMilestones } from './population.ts';

/** What is recorded of a member that reached a milestone. */
export interface Judgement {
  readonly rung: Rung;
  /**
   * For a member that is to be replaced: the indices of those whose weights may be taken. One of them must
   * have a whole checkpoint, else the member goes on ({@link sparedRung}). Empty = nothing is to be asked.
   */
  readonly donors: readonly number[];
}

/**
 * The judgement on the first milestone that the reports show and the record does not; undefined = none.
 *
 * It is given the arrival number after the highest one that is recorded at any milestone, so it must be
 * written before the next one is made; whoever calls this sees to that.
 *
 * @param entries Of all members, the Trial's own included.
 * @param hasRoom Whether `trials.max` allows another member in its place.
 */
export function judgeMember(
  spec: ExperimentSpec,
  population: Population,
  trial: Trial,
  feed: FeedView,
  entries: readonly PopulationEntry[],
  hasRoom: boolean,
): Judgement | undefined {
  const rungs = trial.status?.rungs ?? [];
  if (rungs.some(({ verdict }) => verdict === 'stop')) return undefined;
  const known = new Set(rungs.map(({ step }) => step));
  const open = new Set(memberMilestones(population, trial.spec));
  const reached = feed.milestones.find(({ milestone }) => {
    return open.has(milestone) && !known.has(milestone);
  });
  if (reached === undefined) return undefined;
  const { milestone, value } = reached;
  const order = nextArrival(entries);
  const base = { step: milestone, value: encodeRungValue(value), order } as const;
  const go: Judgement = { rung: { ...base, verdict: 'continue' }, donors: [] };
  const stop: Judgement = { rung: { ...base, verdict: 'stop' }, donors: [] };
  // A member that diverged has nothing to lose.
  if (!Number.isFinite(value)) return stop;
  const others = othersAt(entries, base, trial.spec.index);
  const { goal } = mainObjective(spec);
  if (!isPoor(goal, population.quantile, others, value)) return go;
  if (!hasRoom) return { ...go, rung: sparedRung(go.rung) };
  const { index } = trial.spec;
  return { ...stop, donors: donors(goal, population.quantile, others, spec.search.seed, index) };
}

/** The same milestone of a member that goes on because nobody could take its place. */
export function sparedRung(rung: Rung): Rung {
  return { ...rung, verdict: 'continue', spared: true };
}

/** The other members as they stood before an arrival, by what they had reported up to its milestone. */
export function othersAt(
  entries: readonly PopulationEntry[],
  { order, step }: Pick<Rung, 'order' | 'step'>,
  index: number,
): readonly Member[] {
  return standings(entries, order, step).filter((member) => member.index !== index);
}
