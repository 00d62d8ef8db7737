import type { AttemptAddress, BestTrial, Experiment, Trial } from '@espalier/api';
import type { AttemptFiles } from '../domain/trial/attempt-files.ts';
import type { Call, ResumePoint } from './cluster.ts';

export type { AttemptFiles } from '../domain/trial/attempt-files.ts';

/** A whole checkpoint of another Trial. */
export interface DonorPoint {
  readonly step: number;
  readonly epoch: number;
}

/**
 * Where checkpoints and CSVs lie: S3, or a folder with the same keys. Looking is slow, so it is an
 * action that fills a cache; the planner reads the cache.
 */
export interface ArtifactStore {
  /** What the last inspection found. */
  filesOf(trial: Trial, attempt: number): AttemptFiles;
  /** Looks at the attempt's `manifest.json` and verifies it; `filesOf` tells the result afterwards. */
  inspect(experiment: Experiment, trial: Trial, attempt: number, call: Call): Promise<void>;
  /**
   * The newest whole checkpoint among the attempts before `attempt`, else the one of its parent;
   * undefined = there is none, so a Trial without a parent starts anew.
   */
  resumePoint(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    call: Call,
  ): Promise<ResumePoint | undefined>;
  /** The newest whole checkpoint of a Trial that others may go on from; undefined = there is none. */
  donorPoint(experiment: Experiment, donor: Trial, call: Call): Promise<DonorPoint | undefined>;
  /**
   * Chooses that checkpoint for the Trial of that index, which will name it as its parent; it stays until
   * that Trial has ended, whatever the donor does. Before there is such a Trial another choice may follow.
   */
  keepDonor(
    experiment: Experiment,
    donor: Trial,
    childIndex: number,
    call: Call,
  ): Promise<DonorPoint | undefined>;
  /**
   * Keeps what the attempt's process printed, if no log of it is there.
   *
   * @param read Gives the text, undefined = there is none; called only if it is wanted.
   */
  keepLog(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    read: () => Promise<Uint8Array | undefined>,
    call: Call,
  ): Promise<void>;
  /** Moves `best.json`; the same content again is done. */
  publishBest(experiment: Experiment, best: BestTrial, call: Call): Promise<void>;
  /** Writes `trials.csv`, a row per Trial. */
  publishTrials(experiment: Experiment, csv: string, call: Call): Promise<void>;
  /**
   * Writes what `espalier verify` needs when the objects are gone: spec and Trials, as they ended. The
   * same again is done; Trials that came since replace it.
   */
  publishRecord(experiment: Experiment, trials: readonly Trial[], call: Call): Promise<void>;
  /** Deletes the checkpoints of an ended Trial, never its CSVs, log and manifests. */
  dropCheckpoints(experiment: Experiment, trial: Trial, call: Call): Promise<void>;
  /** Deletes everything of the Experiment (`onDelete: Delete`). */
  deleteAll(experiment: Experiment, call: Call): Promise<void>;
}

/** A stream of reports keeps them for a while, the record that attempts leave for ever (G7). */
export interface ReportRecovery {
  /**
   * Reads the points in the files of an attempt that was found whole; the feed's view shows them
   * afterwards, and that there is no more to recover. What does not match its digest counts for
   * nothing: then the files are damaged.
   */
  recover(experiment: Experiment, trial: Trial, attempt: number, call: Call): Promise<void>;
  /**
   * The reports of these attempts are recorded elsewhere, or nobody wants them any more: the stream may
   * drop them, now or when they are too old.
   */
  discard(attempts: readonly AttemptAddress[]): void;
}
