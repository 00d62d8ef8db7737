import type { BestTrial, Experiment, Manifest, Trial, TrialArtifacts } from '@espalier/api';
import type { Call, ResumePoint } from './cluster.ts';

/** What is known of the files of one attempt. */
export type AttemptFiles =
  /** Nobody has looked yet, or somebody is looking. */
  | { readonly kind: 'unknown' }
  /** No `manifest.json`: the attempt did not complete, or writes none. */
  | { readonly kind: 'none' }
  /** Every listed file is there with its size and digest. */
  | { readonly kind: 'whole'; readonly manifest: Manifest; readonly artifacts: TrialArtifacts }
  /** Something listed is missing or differs. */
  | { readonly kind: 'damaged'; readonly message: string };

/**
 * Where checkpoints and CSVs lie: S3, or a folder with the same keys. Looking is slow, so it is an
 * action that fills a cache; the planner reads the cache.
 */
export interface ArtifactStore {
  /** What the last inspection found. */
  filesOf(trial: Trial, attempt: number): AttemptFiles;
  /** Looks at the attempt's `manifest.json` and verifies it; `filesOf` tells the result afterwards. */
  inspect(experiment: Experiment, trial: Trial, attempt: number, call: Call): Promise<void>;
  /** The newest whole checkpoint among the attempts before `attempt`; undefined = start anew. */
  resumePoint(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    call: Call,
  ): Promise<ResumePoint | undefined>;
  /** Moves `best.json`; the same content again is done. */
  publishBest(experiment: Experiment, best: BestTrial, call: Call): Promise<void>;
  /** Writes `trials.csv`, a row per Trial. */
  publishTrials(experiment: Experiment, csv: string, call: Call): Promise<void>;
  /** Deletes the checkpoints of an ended Trial, never its CSVs, log and manifests. */
  dropCheckpoints(experiment: Experiment, trial: Trial, call: Call): Promise<void>;
  /** Deletes everything of the Experiment (`onDelete: Delete`). */
  deleteAll(experiment: Experiment, call: Call): Promise<void>;
}
