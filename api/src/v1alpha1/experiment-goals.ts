import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { parameterAssignmentSchema, parameterNameSchema } from './parameters.ts';
import {
  CONSTRAINT_BOUNDS_ORDER,
  CONSTRAINT_NEEDS_BOUND,
  METRICS_DIFFER,
  ONE_COMBINATION,
  WARM_START_NAMES_DIFFER,
} from './rules/goal-statements.ts';
import { enforced } from './rules/statement.ts';
import { FIELD_IS_FIXED } from './rules/transition-statements.ts';

/**
 * What is asked for beside one number: several objectives, limits on other metrics and on combinations
 * of parameters, and where the search begins. All of it is fixed, since suggestions depend on it.
 */

export const metricNameSchema = z
  .string()
  .min(1)
  .max(LIMITS.metricName)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_./-]*$/,
    'must begin with a letter or _ and hold only letters, digits, _, ., / and -',
  );

const objective = z.strictObject({
  metric: metricNameSchema.describe('metric is the name under which the trainer reports it.'),
  goal: z.enum(['maximize', 'minimize']).describe('goal tells which values are better.'),
  target: z
    .number()
    .optional()
    .describe('target ends the Experiment as soon as a trial reaches this value.'),
  report: z
    .enum(['best', 'last'])
    .default('best')
    .describe("report tells which of a trial's reported values counts."),
});
export type Objective = z.infer<typeof objective>;

export const objectiveSchema = objective
  .meta(enforced(FIELD_IS_FIXED))
  .describe('objective is what the search optimises.');

export const objectivesSchema = z
  .array(
    objective
      .extend({
        target: z
          .number()
          .optional()
          .describe('target ends the Experiment once one configuration reaches all targets given.'),
      })
      .describe('One of several objectives.'),
  )
  .min(2)
  .max(LIMITS.objectives)
  .meta(enforced(FIELD_IS_FIXED, METRICS_DIFFER))
  .describe('objectives are optimised at once, instead of objective; the first decides on best.');

export const constraintsSchema = z
  .array(
    z
      .strictObject({
        metric: metricNameSchema.describe('metric is the name under which the trainer reports it.'),
        min: z.number().optional().describe('min is the least value allowed.'),
        max: z.number().optional().describe('max is the largest value allowed.'),
      })
      .meta(enforced(CONSTRAINT_NEEDS_BOUND, CONSTRAINT_BOUNDS_ORDER))
      .describe('Bounds on a metric, judged on the value reported last.'),
  )
  .min(1)
  .max(LIMITS.constraints)
  .meta(enforced(FIELD_IS_FIXED, METRICS_DIFFER))
  .describe('constraints must hold for a configuration to be the best.');

const sumTerm = z
  .strictObject({
    parameter: parameterNameSchema.describe('parameter is a numeric parameter.'),
    weight: z.number().default(1).describe('weight is what its value is multiplied by.'),
  })
  .describe('One term of the sum; an inactive parameter counts as 0.');

const factor = z
  .strictObject({
    parameter: parameterNameSchema.describe('parameter is a numeric parameter that is positive.'),
    exponent: z.number().default(1).describe('exponent is the power of its value.'),
  })
  .describe('One factor of the product; an inactive parameter counts as 1.');

export const parameterConstraintsSchema = z
  .array(
    z
      .strictObject({
        sum: z
          .array(sumTerm)
          .min(1)
          .max(LIMITS.terms)
          .optional()
          .describe('sum adds up weighted parameters.'),
        product: z
          .array(factor)
          .min(1)
          .max(LIMITS.terms)
          .optional()
          .describe('product multiplies powers of parameters.'),
        min: z.number().optional().describe('min is the least value allowed.'),
        max: z.number().optional().describe('max is the largest value allowed.'),
      })
      .meta(enforced(ONE_COMBINATION, CONSTRAINT_NEEDS_BOUND, CONSTRAINT_BOUNDS_ORDER))
      .describe('Bounds on a sum or a product of parameters.'),
  )
  .min(1)
  .max(LIMITS.parameterConstraints)
  .meta(enforced(FIELD_IS_FIXED))
  .describe('parameterConstraints hold for every configuration that is suggested.');

export const enqueueSchema = z
  .array(
    z
      .strictObject({
        parameters: z
          .array(parameterAssignmentSchema)
          .min(1)
          .max(LIMITS.parameters)
          .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
          .describe('parameters are the values that it has; the search chooses all others.'),
      })
      .describe('One configuration to be tried.'),
  )
  .min(1)
  .max(LIMITS.enqueued)
  .meta(enforced(FIELD_IS_FIXED))
  .describe('enqueue are the first configurations, in this order.');

export const warmStartSchema = z
  .strictObject({
    experiments: z
      .array(z.string().min(1).max(LIMITS.experimentName).describe('A name of an Experiment.'))
      .min(1)
      .max(LIMITS.warmStartExperiments)
      .meta(enforced(WARM_START_NAMES_DIFFER))
      .describe('experiments are earlier ones of this namespace with the same metrics.'),
    trials: z
      .int()
      .min(1)
      .max(LIMITS.warmStartTrials)
      .default(50)
      .describe(
        'trials is the largest number of earlier configurations that the search learns from.',
      ),
    enqueue: z
      .int()
      .min(0)
      .max(LIMITS.enqueued)
      .default(0)
      .describe('enqueue tries so many of the best of them again, before all others.'),
  })
  .meta(enforced(FIELD_IS_FIXED))
  .describe('warmStart lets the search begin with what earlier Experiments found.');
