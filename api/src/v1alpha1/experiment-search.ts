import { z } from 'zod';
import { LIMITS } from './limits.ts';
import {
  BOUNDS_ARE_OF_THRESHOLD,
  CONFIRM_VALUES_ARE_HELD_BACK,
  HYPERBAND_NEEDS_MAX,
  LOWER_BELOW_UPPER,
  MIN_DELTA_NEEDS_PATIENCE,
  PATIENCE_IS_NOT_OF_PROMOTION,
  PATIENCE_NEEDS_RUNGS,
  REPLICATE_VALUES_DIFFER,
  RESOURCE_BOUNDS,
  THRESHOLD_NEEDS_BOUND,
} from './rules/spec-statements.ts';
import { enforced } from './rules/statement.ts';
import { FIELD_IS_FIXED } from './rules/transition-statements.ts';

/** What is searched for, and how. All of it is fixed, since the Trials are the search's log. */

export const populationSchema = z
  .strictObject({
    size: z
      .int()
      .min(2)
      .max(1000)
      .default(4)
      .describe('size is how many members train; trials.parallel should be as many.'),
    resource: z
      .enum(['epoch', 'step'])
      .default('epoch')
      .describe('resource is what interval and max count.'),
    interval: z
      .int()
      .min(1)
      .default(1)
      .describe('interval is the resource between two judgements of a member.'),
    max: z
      .int()
      .min(1)
      .optional()
      .describe('max is the resource of a complete run: nobody is replaced there any more.'),
    quantile: z
      .number()
      .min(0.01)
      .max(0.5)
      .default(0.25)
      .describe('quantile is the part that is replaced, and the part that gives its weights.'),
    resampleProbability: z
      .number()
      .min(0)
      .max(1)
      .default(0.25)
      .describe('resampleProbability is that of a parameter to be drawn anew and not perturbed.'),
  })
  .describe('population is for the algorithm pbt.');
export type Population = z.infer<typeof populationSchema>;

export const searchSchema = z
  .strictObject({
    algorithm: z
      .string()
      .max(63)
      .default('random')
      .describe('algorithm is auto, random, grid, sobol, tpe, cma-es, gp or pbt.'),
    population: populationSchema.optional(),
    seed: z
      .int()
      .min(0)
      .default(0)
      .describe("seed is the search's own seed; the trainer's is a parameter."),
  })
  .meta(enforced(FIELD_IS_FIXED))
  .describe('search tells how configurations are chosen.');

const confirmSchema = z
  .strictObject({
    top: z
      .int()
      .min(1)
      .max(LIMITS.replicates)
      .default(1)
      .describe('top is how many of the leading configurations are confirmed.'),
    values: z
      .array(z.int())
      .min(1)
      .max(LIMITS.replicates)
      .meta(enforced(REPLICATE_VALUES_DIFFER))
      .describe('values are held back from the race; the result is measured on them alone.'),
  })
  .describe('confirm runs the leaders of the race again on values that no decision has seen.');

const racingSchema = z
  .strictObject({
    algorithm: z
      .enum(['asha', 'wilcoxon'])
      .default('asha')
      .describe(
        'algorithm tells who is given more replicates: the best 1/eta (asha), or all that are not significantly worse than the leader (wilcoxon).',
      ),
    eta: z
      .int()
      .min(2)
      .default(4)
      .describe('eta lets the best 1/eta go on, to eta times as many replicates (asha).'),
    confirm: confirmSchema.optional(),
  })
  .describe('racing gives more replicates only to configurations that may win.');

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
      .meta(enforced(REPLICATE_VALUES_DIFFER))
      .describe('values are the values of that parameter, one trial each.'),
    racing: racingSchema.optional(),
  })
  .meta(enforced(FIELD_IS_FIXED, CONFIRM_VALUES_ARE_HELD_BACK))
  .describe('replicates runs every configuration several times; its objective is their mean.');

export const earlyStoppingSchema = z
  .strictObject({
    algorithm: z
      .enum(['asha', 'asha-promotion', 'hyperband', 'median', 'threshold', 'patience'])
      .describe(
        'algorithm is the rule: asha, asha-promotion, hyperband, median, threshold or patience.',
      ),
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
    eta: z
      .int()
      .min(2)
      .default(4)
      .describe('eta keeps the best 1/eta at each rung (asha, asha-promotion, hyperband).'),
    minRungSize: z
      .int()
      .min(1)
      .default(4)
      .describe(
        'minRungSize is how many trials a rung needs before it stops any (asha, hyperband).',
      ),
    interval: z
      .int()
      .min(1)
      .default(1)
      .describe('interval is the distance of rungs (median, threshold, patience).'),
    percentile: z
      .number()
      .min(0)
      .max(100)
      .default(50)
      .describe('percentile below which a trial stops (median).'),
    patience: z
      .int()
      .min(1)
      .max(LIMITS.rungs)
      .optional()
      .describe('patience is how many rungs a trial may go without getting better.'),
    minDelta: z
      .number()
      .min(0)
      .optional()
      .describe('minDelta is what an improvement must be more than (patience).'),
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
      HYPERBAND_NEEDS_MAX,
      PATIENCE_NEEDS_RUNGS,
      PATIENCE_IS_NOT_OF_PROMOTION,
      MIN_DELTA_NEEDS_PATIENCE,
    ),
  )
  .describe('earlyStopping ends trials that are not worth their time.');
