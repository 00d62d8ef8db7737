import { type BestTrial, type Experiment, mainObjective, type TrialPhase } from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';
import { type TrialRow, trialRow } from '../view/trial-row.ts';
import type { Snapshot } from './snapshot.ts';

/** What is new in a snapshot, in the order in which people tell it. */
export type Change =
  | { readonly kind: 'phase'; readonly experiment: Experiment }
  | { readonly kind: 'trial-started'; readonly row: TrialRow }
  | {
      readonly kind: 'trial-progress';
      readonly row: TrialRow;
      readonly step: number;
      readonly metrics: Readonly<Record<string, number>>;
    }
  /** The attempt before it ended without ending the trial. */
  | { readonly kind: 'trial-restarted'; readonly row: TrialRow }
  | { readonly kind: 'trial-ended'; readonly row: TrialRow }
  | { readonly kind: 'best'; readonly best: BestTrial };

interface Known {
  readonly isStarted: boolean;
  readonly isEnded: boolean;
  readonly attempt: number;
  readonly epoch: number;
  readonly points: number;
}

const UNSEEN: Known = { isStarted: false, isEnded: false, attempt: 0, epoch: 0, points: 0 };
const STARTED: readonly TrialPhase[] = ['Starting', 'Running'];

/** Compares each snapshot with the one before; remembers a few numbers per trial. */
export class ChangeDetector {
  readonly #trials = new Map<string, Known>();
  #phase: string | undefined;
  #best: BestTrial | undefined;

  /** The changes since the last call; the first call tells of everything that is under way. */
  observe({ experiment, trials, atMs }: Snapshot): readonly Change[] {
    const changes: Change[] = [];
    const isFirst = this.#phase === undefined;
    const phase = experiment.status?.phase ?? 'Pending';
    const isPhaseNew = phase !== this.#phase;
    this.#phase = phase;
    for (const view of trials) {
      const row = trialRow(experiment, view, atMs);
      changes.push(...this.#ofTrial(view, row, mainObjective(experiment.spec).metric, isFirst));
    }
    const best = experiment.status?.best;
    if (best !== undefined && !isSameBest(best, this.#best)) {
      this.#best = best;
      changes.push({ kind: 'best', best });
    }
    // The end is told last, everything else before what it leads to.
    const isEnd = phase === 'Succeeded' || phase === 'Failed' || phase === 'Cancelled';
    if (isPhaseNew) changes[isEnd ? 'push' : 'unshift']({ kind: 'phase', experiment });
    return changes;
  }

  #ofTrial(
    { trial, live }: TrialView,
    row: TrialRow,
    metric: string,
    isFirst: boolean,
  ): readonly Change[] {
    const before = this.#trials.get(row.name) ?? UNSEEN;
    // Without a process of our own, the record tells how far it is.
    const { lastStep = before.points, lastValue } = trial.status?.observation ?? {};
    const points = live?.step ?? lastStep;
    const isStarted = before.isStarted || STARTED.includes(row.phase);
    const now: Known = {
      isStarted,
      isEnded: row.isEnded,
      attempt: row.attempt,
      epoch: row.epoch,
      points,
    };
    this.#trials.set(row.name, now);
    if (row.isEnded) {
      // What had ended before this command began is no news.
      return before.isEnded || isFirst ? [] : [{ kind: 'trial-ended', row }];
    }
    const changes: Change[] = [];
    if (isStarted && !before.isStarted) changes.push({ kind: 'trial-started', row });
    else if (isStarted && row.attempt > before.attempt) {
      changes.push({ kind: 'trial-restarted', row });
    }
    const isFurther = row.epoch > before.epoch || (row.epoch === 0 && points > before.points);
    if (isStarted && isFurther) {
      const metrics = live?.metrics ?? (lastValue === undefined ? {} : { [metric]: lastValue });
      changes.push({ kind: 'trial-progress', row, step: points, metrics });
    }
    return changes;
  }
}

function isSameBest(a: BestTrial, b: BestTrial | undefined): boolean {
  return a.trial === b?.trial && a.value === b.value;
}
