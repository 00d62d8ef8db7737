import type { CONDITION, ExperimentReason, TrialReason } from './conditions.ts';

/** One sentence on what each word means, for the reference and for `espalier get`. */

export const CONDITION_TEXT: Readonly<Record<(typeof CONDITION)[keyof typeof CONDITION], string>> =
  {
    Progressing: 'True while pods are or will be started.',
    Succeeded: 'True once the Experiment ended with a best value.',
    Failed: 'True once the Experiment ended without a value, or with too many failures.',
    Degraded:
      'True while something outside is broken and the Experiment goes on as well as it can.',
  };

export const EXPERIMENT_REASON_TEXT: Readonly<Record<ExperimentReason, string>> = {
  InvalidSpec: 'The spec cannot be run; the message names the field. Nothing was started.',
  TrialsRunning: 'Trials run.',
  WaitingForSlots: 'Trials are created, but none of their pods runs yet.',
  Paused: 'desiredState is Pause: no new trial starts, and those that run go on.',
  MaxTrialsReached: 'trials.max configurations ended.',
  PopulationTrained: 'Every member of the population ended.',
  TargetReached: 'A trial reached objective.target.',
  SearchSpaceExhausted: 'Every configuration of the search space was tried.',
  StopRequested: 'desiredState is Stop and the last trial ended.',
  CancelRequested: 'desiredState is Cancel.',
  DeadlineExceeded: 'deadlines.experiment passed.',
  TooManyFailures: 'More configurations failed than trials.maxFailed allows.',
  NoValue: 'All trials ended, and none of them reported a value of the objective.',
  ArtifactStoreUnavailable: 'The artifact store does not answer; training goes on.',
  RecordDamaged: 'An object or an artifact is damaged or missing; the message names it.',
};

export const TRIAL_REASON_TEXT: Readonly<Record<TrialReason, string>> = {
  Completed: 'The trainer ended with exit code 0.',
  EarlyStopped: 'The early-stopping rule ended it.',
  Exploited: 'A better member of the population took its place.',
  ParentLost: 'The checkpoint that it was to start from is gone.',
  Diverged: 'The objective became NaN or infinite (exit code 21).',
  Cancelled: 'The Experiment was cancelled.',
  TargetReached: 'Another trial reached the target.',
  TooManyFailures: 'Too many configurations failed.',
  ExperimentDeadline: 'deadlines.experiment passed.',
  ReplicateFailed: 'Another replicate of the configuration failed or diverged.',
  DeadlineExceeded: 'A deadline of the trial passed: run, stall, startup, queue or pending.',
  OOMKilled: 'It needed more memory than trainer.resources.memory.',
  InvalidParameters: 'The trainer refused these parameters (exit code 20).',
  ConfigurationError: 'The data or the configuration is wrong (exit code 30).',
  ProgramError: 'The trainer failed more often than attempts.maxRetries allows.',
  MetricsUnavailable: 'The trainer ended well, but no value of the objective is known.',
  Unstartable: 'The pod could never have started as asked for; the message says why.',
  TooManyDisruptions: 'It was disrupted more often than attempts.maxDisruptions allows.',
  Disrupted: 'Eviction, preemption, node loss, or deleted by somebody else.',
  Interrupted: 'The local runner was interrupted or died; counts in no budget.',
  Paused: 'It waits at a rung.',
};
