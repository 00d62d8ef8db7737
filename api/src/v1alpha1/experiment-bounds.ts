import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { durationSchema } from './meta.ts';

/** How much work is done, how often it is done again, and how long it may take. */

export const trialsSchema = z
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

export const attemptsSchema = z
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

export const deadlinesSchema = z
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
