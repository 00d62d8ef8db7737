import { type Experiment, isTerminalTrial, mainObjective } from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';

/** Points kept for each trial; twice the widest sparkline. */
const KEPT = 32;

/** Remembers the objective of each trial by epoch (or step), for sparklines; bounded per trial. */
export class Trends {
  readonly #points = new Map<string, { at: number; values: number[] }>();

  observe(experiment: Experiment, trials: readonly TrialView[]): void {
    for (const { trial, live } of trials) {
      const value = live?.metrics[mainObjective(experiment.spec).metric];
      const { lastEpoch = 0, lastStep = 0, lastValue } = trial.status?.observation ?? {};
      const { name } = trial.metadata;
      const phase = trial.status?.phase;
      if (live !== undefined && value !== undefined) {
        this.#add(name, live.epoch > 0 ? live.epoch : live.step, value);
      } else if (lastValue !== undefined && (this.#points.has(name) || !isTerminalTrial(phase))) {
        // The last report may have come with the end; on a cluster the record is all there is.
        this.#add(name, lastEpoch > 0 ? lastEpoch : lastStep, lastValue);
      }
    }
  }

  #add(trial: string, at: number, value: number): void {
    const known = this.#points.get(trial);
    if (known === undefined) {
      this.#points.set(trial, { at, values: [value] });
    } else if (at === known.at) {
      known.values[known.values.length - 1] = value;
    } else {
      known.at = at;
      known.values.push(value);
      // Every second one, so that the line still begins at the beginning.
      if (known.values.length > KEPT) known.values = known.values.filter((_, n) => n % 2 === 0);
    }
  }

  of(trial: string): readonly number[] {
    return this.#points.get(trial)?.values ?? [];
  }
}
