import type { Experiment } from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';

/** An Experiment with its Trials, as they were at one moment. */
export interface Snapshot {
  readonly experiment: Experiment;
  /** By ascending index. */
  readonly trials: readonly TrialView[];
  readonly atMs: number;
}

/** Shows a run while it goes on. Each display writes to one channel and never throws. */
export interface RunDisplay {
  /** Something may have changed; the last snapshot is the one of the end. */
  update(snapshot: Snapshot): void;
  /** Something to tell once, such as what Ctrl-C did. */
  notice(text: string): void;
  /** What the last notice told is over. */
  settled(text: string): void;
  /** Leaves the terminal as it was. */
  close(): void;
}
