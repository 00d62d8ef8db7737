import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { API_VERSION, objectMetaSchema, timeSchema } from './meta.ts';
import { parameterAssignmentSchema } from './parameters.ts';
import { enforced } from './rules/statement.ts';
import { TRIAL_SPEC_IS_FIXED, TRIAL_TERMINAL_IS_FINAL } from './rules/transition-statements.ts';

export const TRIAL_PHASES = [
  'Pending',
  'Starting',
  'Running',
  'Paused',
  'Succeeded',
  'Stopped',
  'Failed',
] as const;
export type TrialPhase = (typeof TRIAL_PHASES)[number];

export const trialSpecSchema = z
  .strictObject({
    index: z
      .int()
      .min(0)
      .max(LIMITS.trials - 1)
      .describe(
        'index is configuration x number of replicates + replicate; with racing, the number in order of creation.',
      ),
    configuration: z.int().min(0).describe('configuration is the number of the configuration.'),
    replicate: z.int().min(0).default(0).describe('replicate is the number of the replicate.'),
    parameters: z
      .array(parameterAssignmentSchema)
      .max(LIMITS.parameters)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .describe('parameters are what the trainer is given.'),
    algorithm: z
      .string()
      .max(63)
      .describe('algorithm is the search algorithm and its version, such as random@1.'),
    basis: z
      .string()
      .max(LIMITS.basisBytes)
      .optional()
      .describe(
        'basis are the configurations whose results the suggestion saw, as 0-11,13;1:12 (12 waited at 1); of pbt the arrivals; of a race who had completed which rung.',
      ),
    parent: z
      .strictObject({
        trial: z.string().max(63).describe('trial is the donor.'),
        uid: z.string().max(63).describe('uid is its uid.'),
        step: z.int().describe('step is the step of its checkpoint.'),
        epoch: z.int().optional().describe('epoch is how many epochs were done at that step.'),
      })
      .optional()
      .describe('parent is the trial whose checkpoint this one starts from.'),
  })
  .meta(enforced(TRIAL_SPEC_IS_FIXED))
  .describe('spec is fixed when the Trial is created.');
export type TrialSpec = z.infer<typeof trialSpecSchema>;

/** How an attempt ended; an entry without one is still under way. */
export const ATTEMPT_OUTCOMES = [
  /** Exit 0 with a value. */
  'Succeeded',
  /** Ended by us, or diverged. */
  'Stopped',
  /** Paused at a rung. */
  'Paused',
  /** Counts in maxDisruptions. */
  'Disrupted',
  /** A local runner was interrupted or died; counts in no budget. */
  'Interrupted',
  /** A program error that counts in maxRetries, or one that is final. */
  'Failed',
] as const;

export const attemptSchema = z
  .object({
    number: z.int().min(0).describe('number is the attempt number, from 0.'),
    startTime: timeSchema.optional().describe('startTime is when its process started.'),
    endTime: timeSchema.optional().describe('endTime is when its process ended.'),
    outcome: z
      .enum(ATTEMPT_OUTCOMES)
      .optional()
      .describe('outcome is how it ended; absent while it is under way.'),
    reason: z.string().max(63).optional().describe('reason is why.'),
    message: z.string().max(LIMITS.messageBytes).optional().describe('message is for people.'),
    exitCode: z.int().optional().describe('exitCode is that of the trainer.'),
  })
  .describe('One try of the trial: one pod.');
export type Attempt = z.infer<typeof attemptSchema>;

export const rungSchema = z
  .object({
    step: z.int().describe('step is the milestone, in epochs or steps.'),
    value: z
      .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
      .meta({ 'x-kubernetes-preserve-unknown-fields': true })
      .describe('value is what the trial reported there.'),
    order: z
      .int()
      .min(0)
      .describe('order is the arrival number at that rung; of pbt that in the Experiment.'),
    verdict: z.enum(['continue', 'stop', 'pause']).describe('verdict is what was decided.'),
    promoted: z
      .int()
      .min(1)
      .optional()
      .describe('promoted is how many had arrived at the rung when the paused trial went on.'),
    spared: z
      .boolean()
      .optional()
      .describe('spared is true for a member that would have been replaced, but could not be.'),
  })
  .describe('One judgement of the early-stopping rule, or of pbt.');
export type Rung = z.infer<typeof rungSchema>;

export const observationSchema = z
  .object({
    value: z
      .number()
      .optional()
      .describe('value is the objective: the best or the last reported; never NaN or infinite.'),
    step: z.int().optional().describe('step is the optimiser step of that value.'),
    epoch: z.int().optional().describe('epoch is the number of epochs finished at that value.'),
    values: z
      .array(
        z
          .object({
            metric: z.string().max(LIMITS.metricName).describe('metric is its name.'),
            value: z.number().describe('value is what counts of it; never NaN or infinite.'),
          })
          .describe('The value of one metric.'),
      )
      .max(LIMITS.objectives + LIMITS.constraints)
      .optional()
      .describe('values are those of several objectives, and what constraints are judged on.'),
    lastStep: z.int().default(0).describe('lastStep is the last step reported.'),
    lastEpoch: z.int().default(0).describe('lastEpoch is the number of epochs finished.'),
    lastValue: z.number().optional().describe('lastValue is the objective reported last.'),
    points: z.int().default(0).describe('points is how many points were reported.'),
  })
  .describe('observation is what the trainer reported, in short.');
export type Observation = z.infer<typeof observationSchema>;

export const trialArtifactsSchema = z
  .object({
    attempt: z.int().describe('attempt is the one whose folder holds them.'),
    folder: z.string().max(1024).describe('folder is the URI of that folder.'),
    checkpoint: z
      .object({
        uri: z.string().max(1024).describe('uri is where the model lies.'),
        sha256: z.string().max(64).describe('sha256 is its digest.'),
        step: z.int().describe('step is the optimiser step after which it was saved.'),
      })
      .optional()
      .describe('checkpoint is the best verified model of the trial.'),
    metricsCsv: z.string().max(1024).optional().describe('metricsCsv is the URI of metrics.csv.'),
    submissionCsv: z
      .string()
      .max(1024)
      .optional()
      .describe('submissionCsv is the URI of submission.csv.'),
    log: z.string().max(1024).optional().describe('log is the URI of log.txt.'),
  })
  .describe('artifacts are the verified files of the trial.');
export type TrialArtifacts = z.infer<typeof trialArtifactsSchema>;

export const trialStatusSchema = z
  .object({
    phase: z.enum(TRIAL_PHASES).describe('phase is where the trial stands.'),
    reason: z.string().max(63).optional().describe('reason is why.'),
    message: z.string().max(LIMITS.messageBytes).optional().describe('message is for people.'),
    startTime: timeSchema.optional().describe('startTime is when it first ran.'),
    completionTime: timeSchema.optional().describe('completionTime is when it ended.'),
    attempts: z
      .array(attemptSchema)
      .max(LIMITS.attempts)
      .default([])
      .describe('attempts is the ledger: an entry per try that ended, or that had to be recorded.'),
    observation: observationSchema.optional(),
    rungs: z
      .array(rungSchema)
      .max(LIMITS.rungs)
      .default([])
      .describe('rungs are the judgements so far.'),
    artifacts: trialArtifactsSchema.optional(),
  })
  .describe('status is what the controller observed.');
export type TrialStatus = z.infer<typeof trialStatusSchema>;

export const trialSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('Trial'),
    metadata: objectMetaSchema,
    spec: trialSpecSchema,
    status: trialStatusSchema.optional(),
  })
  .meta(enforced(TRIAL_TERMINAL_IS_FINAL))
  .describe('Trial is one configuration of an Experiment, or one replicate of it.');
export type Trial = z.infer<typeof trialSchema>;

const TERMINAL: readonly TrialPhase[] = ['Succeeded', 'Stopped', 'Failed'];

/** Whether a Trial in this phase never changes again (G4). */
export function isTerminalTrial(phase: TrialPhase | undefined): boolean {
  return phase !== undefined && TERMINAL.includes(phase);
}
