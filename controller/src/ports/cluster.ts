import type {
  Experiment,
  ExperimentStatus,
  Parameter,
  TrainerProfile,
  TrainerTask,
  Trial,
  TrialSpec,
  TrialStatus,
} from '@espalier/api';
import type { PodView } from '../domain/trial/pod-view.ts';
import type { ResumePoint } from '../domain/trial/resume-point.ts';
import type { ObjectKey } from './key.ts';

export type { ResumePoint } from '../domain/trial/resume-point.ts';

/**
 * The objects and the pods. Reads come from caches and cost nothing; writes are idempotent: creating
 * what exists with the same owner and spec is done, deleting what is gone is done.
 *
 * Errors: `ConflictError` (observe again), `TerminalError`, anything else is retried with backoff.
 */
export interface Cluster {
  experiment(key: ObjectKey): Experiment | undefined;
  experiments(): readonly Experiment[];
  /** Trials of one Experiment, by ascending index. */
  trialsOf(experimentUid: string): readonly Trial[];
  trial(key: ObjectKey): Trial | undefined;
  /** Pods of one Trial, by ascending attempt. */
  podsOf(trialUid: string): readonly PodView[];
  profile(key: ObjectKey): TrainerProfile | undefined;

  /**
   * Calls back with the kind and key of whatever changed, after the caches show the change; the
   * initial objects count as changed. A pod's change is reported as its Trial's.
   */
  onChange(listener: (change: ObjectChange) => void): void;

  /** Returns the Trial that exists afterwards: ours, or the one that somebody created before. */
  createTrial(experiment: Experiment, spec: TrialSpec, call: Call): Promise<Trial>;
  createPod(request: PodRequest, call: Call): Promise<void>;
  /** Asks for a graceful end: SIGTERM, then SIGKILL after the grace period. */
  deletePod(pod: PodView, options: { readonly force: boolean }, call: Call): Promise<void>;
  /** The pod's end is recorded: our finalizer goes, and the pod may vanish. */
  releasePod(pod: PodView, call: Call): Promise<void>;
  /** The end of what an ended pod printed; undefined = gone, or kept elsewhere already. */
  podLog(pod: PodView, call: Call): Promise<Uint8Array | undefined>;
  /**
   * Whether the pod of that attempt does not exist, asked of the source and not of the cache; a Trial
   * that is believed to run but shows no pod is counted as disrupted only after a yes (G1).
   */
  isPodGone(trial: Trial, attempt: number, call: Call): Promise<boolean>;
  deleteTrial(trial: Trial, call: Call): Promise<void>;
  deleteExperiment(experiment: Experiment, call: Call): Promise<void>;

  writeTrialStatus(
    trial: Trial,
    status: TrialStatus,
    write: StatusWrite,
    call: Call,
  ): Promise<Trial>;
  writeExperimentStatus(
    experiment: Experiment,
    status: ExperimentStatus,
    write: StatusWrite,
    call: Call,
  ): Promise<Experiment>;
  setFinalizer(experiment: Experiment, present: boolean, call: Call): Promise<Experiment>;
}

export interface ObjectChange {
  readonly kind: 'Experiment' | 'Trial';
  readonly key: ObjectKey;
  /** The Experiment it belongs to; its own uid for an Experiment. */
  readonly experimentUid: string;
  readonly gone: boolean;
}

/** Passed with everything that waits. */
export interface Call {
  readonly signal: AbortSignal;
}

/**
 * Whether a lost write would lose a fact. A `record` cannot be derived from anything else (an attempt
 * number, a rung, an outcome, a terminal phase) and must be durable before the promise resolves; a
 * `view` repeats what can be observed again (counts, progress, Running), and a store may keep it in
 * memory. The API server makes no difference.
 */
export type StatusWrite = 'record' | 'view';

/** Everything that a pod is made from; the adapter builds a Pod or a process of it. */
export interface PodRequest {
  readonly experiment: Experiment;
  readonly trial: Trial;
  readonly attempt: number;
  readonly task: TrainerTask;
  /** The declared parameters, for adapters that show them. */
  readonly parameters: readonly Parameter[];
  readonly profile?: TrainerProfile;
  /** Where to resume from: the newest whole checkpoint of an earlier attempt, or of a parent. */
  readonly resumeFrom?: ResumePoint;
}
