import type { Experiment, Trial } from '@espalier/api';
import type { PopulationEntry, RungEntry } from '@espalier/search';
import type { AttemptFiles } from './attempt-files.ts';
import type { FeedView } from './feed-view.ts';
import type { PodView } from './pod-view.ts';

/** What a member is judged by. */
export interface PopulationFacts {
  /** The record of all members, its own included. */
  readonly entries: readonly PopulationEntry[];
  /** Whether another member would be created in its place. */
  readonly hasRoom: boolean;
}

/** Every fact that a decision about one Trial may use, read from caches at one moment. */
export interface TrialSnapshot {
  readonly trial: Trial;
  /** The Experiment that owns it; undefined = deleted: the Trial is only wound up. */
  readonly experiment: Experiment | undefined;
  /** Its pods that are not gone, by ascending attempt. */
  readonly pods: readonly PodView[];
  /** Reports so far; undefined = the feed does not follow the Trial yet. */
  readonly feed: FeedView | undefined;
  /** Since when this process follows the reports: what came before may still be on its way. */
  readonly followedSinceMs: number | undefined;
  /** Files of the current attempt. */
  readonly files: AttemptFiles;
  /** Whether a pod of this Trial would keep the Experiment within `trials.parallel` (G14). */
  readonly hasSlot: boolean;
  /** Entries of all Trials that are judged together at each milestone, from their records. */
  readonly rungs: ReadonlyMap<number, readonly RungEntry[]>;
  /** Of a member of a population; undefined for any other Trial. */
  readonly population: PopulationFacts | undefined;
  /** Whether Trials that have not ended start from one of its checkpoints. */
  readonly isParent: boolean;
  /** Whether another replicate of the same configuration failed or diverged. */
  readonly siblingFailed: boolean;
  /** Whether its checkpoint can no longer be the Experiment's best, and the pointer is elsewhere. */
  readonly isLosing: boolean;
  /** When this process last wrote the status, or first saw the Trial; undefined = not known. */
  readonly lastViewMs: number | undefined;
  /** Shortest time between two such refreshes. */
  readonly viewIntervalMs: number;
}
