import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { timeSchema } from './meta.ts';

export const conditionSchema = z
  .object({
    type: z.string().max(63).describe('type names the aspect that the condition is about.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('status tells whether it holds.'),
    reason: z
      .string()
      .max(63)
      .describe('reason is a stable CamelCase word for programs, one of the documented ones.'),
    message: z
      .string()
      .max(LIMITS.messageBytes)
      .describe('message says it for people and names the next step.'),
    lastTransitionTime: timeSchema.describe('lastTransitionTime is when status changed last.'),
    observedGeneration: z
      .int()
      .describe('observedGeneration is the generation of the spec that was looked at.'),
  })
  .describe('One aspect of the object, as the controller last saw it.');
export type Condition = z.infer<typeof conditionSchema>;

/** Condition types of an Experiment. Trials carry none beyond their phase and reason. */
export const CONDITION = {
  /** True while pods are or will be started. */
  progressing: 'Progressing',
  /** True once the Experiment ended with a best value. */
  succeeded: 'Succeeded',
  /** True once the Experiment ended without one, or with too many failures. */
  failed: 'Failed',
  /** True while something outside is broken and the Experiment goes on as well as it can. */
  degraded: 'Degraded',
} as const;

/** Why an Experiment is in its phase. */
export const EXPERIMENT_REASON = {
  /** The spec is valid for the schema but cannot be run; the message says which field. */
  invalidSpec: 'InvalidSpec',
  trialsRunning: 'TrialsRunning',
  waitingForSlots: 'WaitingForSlots',
  paused: 'Paused',
  maxTrialsReached: 'MaxTrialsReached',
  populationTrained: 'PopulationTrained',
  targetReached: 'TargetReached',
  searchSpaceExhausted: 'SearchSpaceExhausted',
  stopRequested: 'StopRequested',
  cancelRequested: 'CancelRequested',
  deadlineExceeded: 'DeadlineExceeded',
  tooManyFailures: 'TooManyFailures',
  noValue: 'NoValue',
  artifactStoreUnavailable: 'ArtifactStoreUnavailable',
  recordDamaged: 'RecordDamaged',
} as const;
export type ExperimentReason = (typeof EXPERIMENT_REASON)[keyof typeof EXPERIMENT_REASON];

/** Why a Trial, or one of its attempts, is in its phase. */
export const TRIAL_REASON = {
  /** The trainer ended with exit code 0. */
  completed: 'Completed',
  /** The early-stopping rule ended it. */
  earlyStopped: 'EarlyStopped',
  /** A better member of the population took its place. */
  exploited: 'Exploited',
  /** The checkpoint that it was to start from is gone. */
  parentLost: 'ParentLost',
  /** The objective became NaN or infinite. */
  diverged: 'Diverged',
  /** The Experiment was cancelled. */
  cancelled: 'Cancelled',
  /** Another trial reached the target. */
  targetReached: 'TargetReached',
  /** Too many configurations failed. */
  tooManyFailures: 'TooManyFailures',
  /** The Experiment's own deadline passed. */
  experimentDeadline: 'ExperimentDeadline',
  /** Another replicate of the configuration failed or diverged. */
  replicateFailed: 'ReplicateFailed',
  /** A deadline of the trial passed: run, stall, startup, queue or pending. */
  deadlineExceeded: 'DeadlineExceeded',
  oomKilled: 'OOMKilled',
  invalidParameters: 'InvalidParameters',
  configurationError: 'ConfigurationError',
  programError: 'ProgramError',
  /** Ended with exit code 0, but no value of the objective is known. */
  metricsUnavailable: 'MetricsUnavailable',
  /** The pod could never have started as asked for. */
  unstartable: 'Unstartable',
  tooManyDisruptions: 'TooManyDisruptions',
  /** Eviction, preemption, node loss, or deleted by somebody else. */
  disrupted: 'Disrupted',
  /** The local runner was interrupted or died; counts in no budget. */
  interrupted: 'Interrupted',
  /** Paused at a rung. */
  paused: 'Paused',
} as const;
export type TrialReason = (typeof TRIAL_REASON)[keyof typeof TRIAL_REASON];
