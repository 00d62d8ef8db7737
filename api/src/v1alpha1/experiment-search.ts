import { z } from 'zod';
import { LIMITS } from './limits.ts';
import {
  BOUNDS_ARE_OF_THRESHOLD,
  LOWER_BELOW_UPPER,
  REPLICATE_VALUES_DIFFER,
  RESOURCE_BOUNDS,
  THRESHOLD_NEEDS_BOUND,
} from './rules/spec-statements.ts';
import { enforced } from './rules/statement.ts';
import { FIELD_IS_FIXED } from './rules/transition-statements.ts';

/** What is searched for, and how. All of it is fixed, since the Trials are the search's log. */

const metricName = z
  .string()
  .min(1)
  .max(LIMITS.metricName)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_./-]*$/,
    'must begin with a letter or _ and hold only letters, digits, _, ., / and -',
  );

export const objectiveSchema = z
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
  .meta(enforced(FIELD_IS_FIXED))
  .describe('objective is what the search optimises.');

export const searchSchema = z
  .strictObject({
    algorithm: z
      .string()
      .max(63)
      .default('random')
      .describe('algorithm is auto, random, grid, sobol, tpe, cma-es or gp.'),
    seed: z
      .int()
      .min(0)
      .default(0)
      .describe("seed is the search's own seed; the trainer's is a parameter."),
  })
  .meta(enforced(FIELD_IS_FIXED))
  .describe('search tells how configurations are chosen.');

export const replicatesSchema = z
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
  .meta(enforced(FIELD_IS_FIXED, REPLICATE_VALUES_DIFFER))
  .describe('replicates runs every configuration several times; its objective is their mean.');

export const earlyStoppingSchema = z
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
  .meta(
    enforced(
      FIELD_IS_FIXED,
      RESOURCE_BOUNDS,
      THRESHOLD_NEEDS_BOUND,
      BOUNDS_ARE_OF_THRESHOLD,
      LOWER_BELOW_UPPER,
    ),
  )
  .describe('earlyStopping ends trials that are not worth their time.');
