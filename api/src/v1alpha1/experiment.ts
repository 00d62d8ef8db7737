import { z } from 'zod';
import { conditionSchema } from './conditions.ts';
import { LIMITS } from './limits.ts';
import { API_VERSION, durationSchema, objectMetaSchema } from './meta.ts';
import { parameterAssignmentSchema, parameterSchema } from './parameters.ts';

const metricName = z
  .string()
  .min(1)
  .max(LIMITS.metricName)
  .regex(/^[A-Za-z_][A-Za-z0-9_./-]*$/);

const objective = z
  .strictObject({
    metric: metricName.describe('metric is the name under which the trainer reports it.'),
    goal: z.enum(['maximize', 'minimize']).describe('goal tells which values are better.'),
    target: z
      .number()
      .optional()
      .describe('target ends the Experiment as soon as a trial reaches this value.'),
    report: z
      .enum(['best', 'last'])
      .default('best')
      .describe("report tells which of a trial's reported values counts."),
  })
  .describe('objective is what the search optimises.');

const search = z
  .strictObject({
    algorithm: z.string().max(63).default('random').describe('algorithm is random, grid or sobol.'),
    seed: z
      .int()
      .min(0)
      .default(0)
      .describe("seed is the search's own seed; the trainer's is a parameter."),
  })
  .describe('search tells how configurations are chosen.');

const replicates = z
  .strictObject({
    parameter: z
      .string()
      .min(1)
      .max(LIMITS.parameterName)
      .describe('parameter is the one that differs between replicates, usually seed.'),
    values: z
      .array(z.int())
      .min(1)
      .max(LIMITS.replicates)
      .describe('values are the values of that parameter, one trial each.'),
  })
  .describe('replicates runs every configuration several times; its objective is their mean.');

const earlyStopping = z
  .strictObject({
    algorithm: z
      .enum(['asha', 'median', 'threshold'])
      .describe('algorithm is the rule: asha, median or threshold.'),
    resource: z
      .enum(['epoch', 'step'])
      .default('epoch')
      .describe('resource is what min, max and interval count.'),
    min: z
      .int()
      .min(1)
      .default(1)
      .describe('min is the resource at which a trial is first judged.'),
    max: z.int().min(1).optional().describe('max is the resource of a complete trial.'),
    eta: z.int().min(2).default(4).describe('eta keeps the best 1/eta at each rung (asha).'),
    minRungSize: z
      .int()
      .min(1)
      .default(4)
      .describe('minRungSize is how many trials a rung needs before it stops any (asha).'),
    interval: z.int().min(1).default(1).describe('interval is the distance of rungs (median).'),
    percentile: z
      .number()
      .min(0)
      .max(100)
      .default(50)
      .describe('percentile below which a trial stops (median).'),
    lower: z.number().optional().describe('lower stops trials that report less (threshold).'),
    upper: z.number().optional().describe('upper stops trials that report more (threshold).'),
  })
  .describe('earlyStopping ends trials that are not worth their time.');

const trials = z
  .strictObject({
    max: z
      .int()
      .min(1)
      .max(LIMITS.trials)
      .default(1)
      .describe('max is the number of configurations.'),
    parallel: z
      .int()
      .min(1)
      .max(LIMITS.parallel)
      .default(1)
      .describe('parallel is the largest number of pods at once.'),
    maxFailed: z
      .int()
      .min(0)
      .default(3)
      .describe('maxFailed is how many configurations may fail before the Experiment does.'),
  })
  .describe('trials bounds the work.');

const attempts = z
  .strictObject({
    maxRetries: z
      .int()
      .min(0)
      .max(20)
      .default(2)
      .describe('maxRetries is how often a trial is started again after a program error.'),
    maxDisruptions: z
      .int()
      .min(0)
      .max(100)
      .default(10)
      .describe('maxDisruptions is how often it is started again after a disruption.'),
    replaceLost: z
      .boolean()
      .default(false)
      .describe('replaceLost force-deletes a pod whose node does not come back.'),
  })
  .describe('attempts bounds what is done again.');

const deadlines = z
  .strictObject({
    queue: durationSchema.optional().describe('queue bounds the time until a pod is scheduled.'),
    pending: durationSchema
      .default('15m')
      .describe('pending bounds the time from scheduled to started.'),
    startup: durationSchema
      .default('45m')
      .describe('startup bounds the time from started to the first report.'),
    stall: durationSchema.default('1h').describe('stall bounds the time between reports.'),
    run: durationSchema.optional().describe('run bounds the running time of an attempt.'),
    termination: durationSchema
      .default('5m')
      .describe('termination bounds the time a pod needs to end after its grace period.'),
    metrics: durationSchema
      .default('2m')
      .describe('metrics bounds the wait for the last report of an ended pod.'),
    cleanup: durationSchema.default('10m').describe('cleanup bounds the work of a deletion.'),
    experiment: durationSchema
      .optional()
      .describe('experiment bounds the whole Experiment, from its start.'),
  })
  .describe('deadlines see to it that nothing waits for ever.');

const argument = z.string().max(LIMITS.argBytes);
const quantity = z
  .string()
  .max(32)
  .regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, 'write a quantity such as 500m, 4 or 16Gi');

const trainer = z
  .strictObject({
    profile: z.string().max(63).optional().describe('profile is the TrainerProfile to use.'),
    image: z.string().max(512).optional().describe('image is the trainer image.'),
    command: z
      .array(argument)
      .min(1)
      .max(LIMITS.args)
      .optional()
      .describe('command replaces what the image runs; never passed through a shell.'),
    args: z
      .array(argument)
      .max(LIMITS.args)
      .optional()
      .describe('args are passed to the command as they are.'),
    resources: z
      .strictObject({
        gpu: z.int().min(0).max(64).default(0).describe('gpu is the number of GPUs.'),
        cpu: quantity.optional().describe('cpu is the CPU request and limit.'),
        memory: quantity.optional().describe('memory is the memory request and limit.'),
      })
      .prefault({})
      .describe('resources are what one pod gets.'),
    gracePeriod: durationSchema
      .default('120s')
      .describe('gracePeriod is the time between SIGTERM and SIGKILL.'),
  })
  .describe('trainer is what runs.');

const data = z
  .strictObject({
    s3: z
      .strictObject({
        key: z
          .string()
          .min(1)
          .max(512)
          .describe("key is the data set's key below the namespace's datasets."),
      })
      .optional()
      .describe('s3 fetches the data set from the object store.'),
    persistentVolumeClaim: z
      .strictObject({
        claimName: z.string().max(253).describe('claimName is the claim, in the same namespace.'),
        subPath: z.string().max(512).optional().describe('subPath is a folder of the volume.'),
      })
      .optional()
      .describe('persistentVolumeClaim mounts a volume, read only.'),
  })
  .describe('data is where the data set comes from.');

const artifacts = z
  .strictObject({
    keep: z
      .enum(['best', 'all'])
      .default('best')
      .describe('keep tells which checkpoints stay: the best of the Experiment, or all.'),
    checkpoint: z
      .strictObject({
        everyEpochs: z
          .int()
          .min(1)
          .default(1)
          .describe('everyEpochs is the distance of checkpoints to resume from.'),
      })
      .prefault({})
      .describe('checkpoint tells when the trainer saves.'),
    onDelete: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe('onDelete tells what happens to the artifacts when the Experiment is deleted.'),
  })
  .describe('artifacts tells what is kept.');

export const desiredStateSchema = z.enum(['Run', 'Pause', 'Stop', 'Cancel']);
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const experimentSpecSchema = z
  .strictObject({
    desiredState: desiredStateSchema
      .default('Run')
      .describe(
        'desiredState is Run, Pause (no new trials), Stop (let running ones end) or Cancel (end them).',
      ),
    objective,
    parameters: z
      .array(parameterSchema)
      .min(1)
      .max(LIMITS.parameters)
      .describe('parameters are what the trainer is given; the ones with choices are searched.'),
    search: search.prefault({}),
    replicates: replicates.optional(),
    earlyStopping: earlyStopping.optional(),
    trials: trials.prefault({}),
    attempts: attempts.prefault({}),
    deadlines: deadlines.prefault({}),
    trainer: trainer.prefault({}),
    data: data.optional(),
    artifacts: artifacts.prefault({}),
    queueName: z.string().max(63).optional().describe('queueName is the Kueue queue.'),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .optional()
      .describe('ttlSecondsAfterFinished removes the objects that long after the end.'),
  })
  .describe('spec is what the user wants.');
export type ExperimentSpec = z.infer<typeof experimentSpecSchema>;

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

const count = z.int().min(0).default(0);

export const experimentStatusSchema = z
  .object({
    phase: z.enum(EXPERIMENT_PHASES).describe('phase is the summary of the conditions.'),
    reason: z.string().max(63).optional().describe('reason is why it is in that phase.'),
    message: z.string().max(LIMITS.messageBytes).optional().describe('message is for people.'),
    observedGeneration: z.int().default(0).describe('observedGeneration is the spec looked at.'),
    startTime: z.string().max(40).optional().describe('startTime is when it was first looked at.'),
    completionTime: z.string().max(40).optional().describe('completionTime is when it ended.'),
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
        parameters: z
          .array(parameterAssignmentSchema)
          .max(LIMITS.parameters)
          .describe('parameters are what it was given.'),
        checkpoint: z
          .object({
            uri: z.string().max(1024).describe('uri is where the model lies.'),
            sha256: z.string().max(64).describe('sha256 is its digest.'),
          })
          .optional()
          .describe('checkpoint is the verified model; absent if the trainer saved none.'),
        csv: z.string().max(1024).optional().describe('csv is where its metrics.csv lies.'),
      })
      .optional()
      .describe('best is the best trial so far.'),
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

export const experimentSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Experiment'),
  metadata: objectMetaSchema,
  spec: experimentSpecSchema,
  status: experimentStatusSchema.optional(),
});
export type Experiment = z.infer<typeof experimentSchema>;

const TERMINAL: readonly ExperimentPhase[] = ['Succeeded', 'Failed', 'Cancelled'];

/** Whether an Experiment in this phase never changes again. */
export function isTerminalExperiment(phase: ExperimentPhase | undefined): boolean {
  return phase !== undefined && TERMINAL.includes(phase);
}
