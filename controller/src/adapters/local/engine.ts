import type { DesiredState, Experiment, Trial } from '@espalier/api';
import type { ObjectKey } from '../../ports/key.ts';
import type { EventRecord } from '../../ports/telemetry.ts';

/** How to run Experiments on this machine. */
export interface LocalOptions {
  /** Folder of objects, artifacts, logs, lock and socket; made if absent. */
  readonly dir: string;
  /** What runs when a manifest names no `trainer.command`. */
  readonly trainerCommand: readonly string[];
  /** Run a manifest that asks for GPUs on a machine that has none. */
  readonly allowCpu: boolean;
  /** Data set folder for every Experiment; default: `<dir>/datasets/<spec.data.s3.key>`. */
  readonly data?: string;
  /** CPU threads shared out between parallel trials; default: all of the machine's. */
  readonly cpus?: number;
  /** Called with every event, after it was recorded. */
  readonly onEvent?: (event: EventRecord) => void;
}

/** What every command can do, whether a runner holds the folder or nobody does. */
export interface LocalClient {
  experiments(): Promise<readonly Experiment[]>;
  experiment(key: ObjectKey): Promise<Experiment | undefined>;
  /** By ascending index. */
  trials(key: ObjectKey): Promise<readonly TrialView[]>;
  events(key: ObjectKey): Promise<readonly EventRecord[]>;
  /** @throws EspalierError NotFound; InvalidSpec if the state cannot be left any more. */
  setDesiredState(key: ObjectKey, state: DesiredState): Promise<Experiment>;
  /** Ends its processes, then removes its objects; artifacts by `onDelete`. */
  deleteExperiment(key: ObjectKey): Promise<void>;
  /** What the trainer of that attempt printed; default: the latest attempt. */
  logFile(trial: Trial, attempt?: number): Promise<string | undefined>;
  /** Files with what its attempts reported, in that order: lines of a report, or points. */
  pointFiles(trial: Trial): Promise<readonly string[]>;
  /** Whether somebody does what the objects ask for, as far as this side can tell. */
  isDriven(): Promise<boolean>;
  close(): Promise<void>;
}

/** The process that holds the folder and runs what is in it. */
export interface LocalRunner extends LocalClient {
  /**
   * Creates the Experiment, or goes on with the one that has its name. Only `desiredState`, `trials`,
   * `deadlines`, `attempts`, `artifacts` and `ttlSecondsAfterFinished` may differ from it.
   *
   * @throws EspalierError InvalidSpec if something else differs, or the spec cannot be run.
   */
  apply(experiment: Experiment): Promise<ApplyOutcome>;
  /** Calls back (at most every 100 ms) when anything that a table shows may have changed. */
  onChange(listener: () => void): void;
  /** Resolves with the Experiment once its phase is terminal and its artifacts are published. */
  finished(key: ObjectKey, options: { readonly signal: AbortSignal }): Promise<Experiment>;
  /** Ctrl-C: trainers save and end, nothing becomes terminal, the next runner goes on. */
  interrupt(): Promise<void>;
  /** Ctrl-C twice: trainers are killed, nothing becomes terminal. */
  kill(): Promise<void>;
}

export type ApplyOutcome = 'created' | 'updated' | 'unchanged' | 'finished';

/** A Trial with what only its live process tells. */
export interface TrialView {
  readonly trial: Trial;
  readonly live?: LiveTrial;
}

export interface LiveTrial {
  readonly pid: number;
  readonly attempt: number;
  readonly startedMs: number;
  readonly step: number;
  readonly epoch: number;
  /** Of a complete run, if the trainer said so. */
  readonly epochs?: number;
  /** Latest value of every metric. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Estimated from the epochs done since the process started. */
  readonly remainingMs?: number;
}
