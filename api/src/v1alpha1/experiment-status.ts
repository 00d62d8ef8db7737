import { z } from 'zod';
import { conditionSchema } from './conditions.ts';
import { LIMITS } from './limits.ts';
import { timeSchema } from './meta.ts';
import { parameterAssignmentSchema } from './parameters.ts';
import { enforced } from './rules/statement.ts';
import { FIELD_IS_FIXED } from './rules/transition-statements.ts';

export const EXPERIMENT_PHASES = [
  'Pending',
  'Running',
  'Paused',
  'Stopping',
  'Succeeded',
  'Failed',
  'Cancelled',
] as const;
export type ExperimentPhase = (typeof EXPERIMENT_PHASES)[number];

/** Values of all objectives, where there are several. */
const values = z
  .array(
    z
      .object({
        metric: z.string().max(LIMITS.metricName).describe('metric is its name.'),
        value: z.number().describe('value is what counts of it.'),
      })
      .describe('The value of one objective.'),
  )
  .max(LIMITS.objectives);

const checkpoint = z
  .object({
    uri: z.string().max(1024).describe('uri is where the model lies.'),
    sha256: z.string().max(64).describe('sha256 is its digest.'),
  })
  .describe('checkpoint is the verified model; absent if the trainer saved none.');

const paretoSchema = z
  .object({
    size: z.int().min(0).describe('size is how many configurations no other one beats.'),
    front: z
      .array(
        z
          .object({
            trial: z.string().max(63).describe('trial is the name of its Trial.'),
            configuration: z.int().describe('configuration is its number.'),
            values: values.describe('values are its objectives.'),
            parameters: z
              .array(parameterAssignmentSchema)
              .max(LIMITS.parameters)
              .describe('parameters are what it was given.'),
            checkpoint: checkpoint.optional(),
          })
          .describe('A configuration that no other one beats in all objectives.'),
      )
      .max(LIMITS.pareto)
      .describe(
        'front are these, the best in the first objective first; of many, those far apart.',
      ),
  })
  .describe('pareto is the front of several objectives.');

const warmStartRecordSchema = z
  .object({
    configurations: z
      .array(
        z
          .object({
            experiment: z.string().max(LIMITS.experimentName).describe('experiment is its origin.'),
            configuration: z.int().describe('configuration is its number there.'),
            values: values.describe('values are its objectives, in the order of this spec.'),
            violation: z
              .number()
              .optional()
              .describe(
                'violation is by how much it misses the constraints; absent = it does not.',
              ),
            parameters: z
              .array(parameterAssignmentSchema)
              .max(LIMITS.parameters)
              .describe('parameters are what it was given, as far as they are searched here.'),
          })
          .describe('One earlier configuration.'),
      )
      .max(LIMITS.warmStartTrials)
      .describe('configurations are what was taken, from the oldest to the newest.'),
  })
  .meta(enforced(FIELD_IS_FIXED))
  .describe('warmStart is what was taken from earlier Experiments before the first suggestion.');
export type WarmStartRecord = z.infer<typeof warmStartRecordSchema>;

const count = z.int().min(0).default(0);

export const experimentStatusSchema = z
  .object({
    phase: z.enum(EXPERIMENT_PHASES).describe('phase is the summary of the conditions.'),
    reason: z.string().max(63).optional().describe('reason is why it is in that phase.'),
    message: z.string().max(LIMITS.messageBytes).optional().describe('message is for people.'),
    observedGeneration: z.int().default(0).describe('observedGeneration is the spec looked at.'),
    startTime: timeSchema.optional().describe('startTime is when it was first looked at.'),
    completionTime: timeSchema.optional().describe('completionTime is when it ended.'),
    progress: z
      .string()
      .max(32)
      .optional()
      .describe('progress is completed configurations out of trials.max.'),
    trials: z
      .object({
        total: count.describe('total is the number of Trials.'),
        pending: count.describe('pending is how many are not scheduled.'),
        starting: count.describe('starting is how many are scheduled but have not reported.'),
        running: count.describe('running is how many train.'),
        paused: count.describe('paused is how many wait at a rung.'),
        succeeded: count.describe('succeeded is how many ended well.'),
        stopped: count.describe('stopped is how many were ended early.'),
        failed: count.describe('failed is how many failed.'),
      })
      .optional()
      .describe('trials counts the Trials by phase.'),
    configurations: z
      .object({
        created: count.describe('created is the number of configurations begun.'),
        completed: count.describe('completed is the number of configurations that ended.'),
        failed: count.describe('failed is the number that count towards maxFailed.'),
        invalid: count.describe('invalid is the number refused by the trainer.'),
      })
      .optional()
      .describe('configurations counts them by state.'),
    best: z
      .object({
        trial: z.string().max(63).describe('trial is the name of the best Trial.'),
        configuration: z.int().describe('configuration is its configuration number.'),
        value: z.number().describe('value is its objective.'),
        step: z.int().describe('step is the optimiser step of that value.'),
        values: values.optional().describe('values are all objectives, if there are several.'),
        replicates: z
          .int()
          .optional()
          .describe('replicates is how many trials value is the mean of.'),
        interval: z
          .object({
            low: z.number().describe('low is the lower end.'),
            high: z.number().describe('high is the upper end.'),
          })
          .optional()
          .describe('interval is the 95 % confidence interval of the mean.'),
        confirmed: z
          .boolean()
          .optional()
          .describe('confirmed tells that value was measured on the held-back values alone.'),
        parameters: z
          .array(parameterAssignmentSchema)
          .max(LIMITS.parameters)
          .describe('parameters are what it was given.'),
        checkpoint: checkpoint.optional(),
        csv: z.string().max(1024).optional().describe('csv is where its metrics.csv lies.'),
      })
      .optional()
      .describe('best is the best trial so far.'),
    pareto: paretoSchema.optional(),
    warmStart: warmStartRecordSchema.optional(),
    conditions: z
      .array(conditionSchema)
      .max(8)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
      .describe('conditions are the aspects of its state.'),
  })
  .describe('status is what the controller observed.');
export type ExperimentStatus = z.infer<typeof experimentStatusSchema>;
export type BestTrial = NonNullable<ExperimentStatus['best']>;
export type ParetoStatus = NonNullable<ExperimentStatus['pareto']>;
export type ParetoEntry = ParetoStatus['front'][number];

const TERMINAL: readonly ExperimentPhase[] = ['Succeeded', 'Failed', 'Cancelled'];

/** Whether an Experiment in this phase never changes again. */
export function isTerminalExperiment(phase: ExperimentPhase | undefined): boolean {
  return phase !== undefined && TERMINAL.includes(phase);
}
