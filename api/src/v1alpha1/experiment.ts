import { z } from 'zod';
import { attemptsSchema, deadlinesSchema, trialsSchema } from './experiment-bounds.ts';
import {
  constraintsSchema,
  enqueueSchema,
  type Objective,
  objectiveSchema,
  objectivesSchema,
  parameterConstraintsSchema,
  warmStartSchema,
} from './experiment-goals.ts';
import { earlyStoppingSchema, replicatesSchema, searchSchema } from './experiment-search.ts';
import { experimentStatusSchema } from './experiment-status.ts';
import { artifactsSchema, dataSchema, trainerSchema } from './experiment-trainer.ts';
import { LIMITS } from './limits.ts';
import { API_VERSION, labelNameSchema, objectMetaSchema } from './meta.ts';
import { parameterSchema } from './parameters.ts';
import {
  NO_RACING_OF_GOALS,
  NO_STOPPING_OF_OBJECTIVES,
  ONE_OBJECTIVE_FIELD,
} from './rules/goal-statements.ts';
import { WHEN_NAMES_EXISTING } from './rules/parameter-statements.ts';
import {
  NO_STOPPING_OF_REPLICATES,
  REPLICATED_IS_NOT_LISTED,
  TRIAL_COUNT,
} from './rules/spec-statements.ts';
import { enforced } from './rules/statement.ts';
import {
  BEGINNING_STAYS,
  EARLY_STOPPING_STAYS,
  EXPERIMENT_TERMINAL_IS_FINAL,
  GOALS_STAY,
  NAME_IS_LABEL,
  NAME_LENGTH,
  NO_WAY_BACK,
  PARAMETERS_ARE_FIXED,
  REPLICATES_STAY,
  WARM_START_STAYS,
} from './rules/transition-statements.ts';

export const desiredStateSchema = z.enum(['Run', 'Pause', 'Stop', 'Cancel']);
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const experimentSpecSchema = z
  .strictObject({
    desiredState: desiredStateSchema
      .default('Run')
      .meta(enforced(NO_WAY_BACK))
      .describe(
        'desiredState is Run, Pause (no new trials), Stop (let running ones end) or Cancel (end them).',
      ),
    objective: objectiveSchema.optional(),
    objectives: objectivesSchema.optional(),
    constraints: constraintsSchema.optional(),
    parameters: z
      .array(parameterSchema)
      .min(1)
      .max(LIMITS.parameters)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .meta(enforced(PARAMETERS_ARE_FIXED, WHEN_NAMES_EXISTING))
      .describe('parameters are what the trainer is given; the ones with choices are searched.'),
    parameterConstraints: parameterConstraintsSchema.optional(),
    search: searchSchema.prefault({}),
    enqueue: enqueueSchema.optional(),
    warmStart: warmStartSchema.optional(),
    replicates: replicatesSchema.optional(),
    earlyStopping: earlyStoppingSchema.optional(),
    trials: trialsSchema.prefault({}),
    attempts: attemptsSchema.prefault({}),
    deadlines: deadlinesSchema.prefault({}),
    trainer: trainerSchema.prefault({}),
    data: dataSchema.optional(),
    artifacts: artifactsSchema.prefault({}),
    queueName: labelNameSchema.optional().describe('queueName is the Kueue queue.'),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .optional()
      .describe('ttlSecondsAfterFinished removes the objects that long after the end.'),
  })
  .meta(
    enforced(
      REPLICATED_IS_NOT_LISTED,
      NO_STOPPING_OF_REPLICATES,
      TRIAL_COUNT,
      ONE_OBJECTIVE_FIELD,
      NO_STOPPING_OF_OBJECTIVES,
      NO_RACING_OF_GOALS,
      GOALS_STAY,
      BEGINNING_STAYS,
      REPLICATES_STAY,
      EARLY_STOPPING_STAYS,
    ),
  )
  .describe('spec is what the user wants.');
export type ExperimentSpec = z.infer<typeof experimentSpecSchema>;

/** What is optimised, in order: one objective or several; empty only if the spec sets none. */
export function objectivesOf(spec: ExperimentSpec): readonly Objective[] {
  return spec.objectives ?? (spec.objective === undefined ? [] : [spec.objective]);
}

/**
 * The objective that decides which configuration is the best: the first of several.
 *
 * @throws {TypeError} if the spec sets none, which `checkExperiment` refuses.
 */
export function mainObjective(spec: ExperimentSpec): Objective {
  const [first] = objectivesOf(spec);
  if (first === undefined) throw new TypeError('the spec sets no objective');
  return first;
}

export const experimentSchema = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('Experiment'),
    metadata: objectMetaSchema,
    spec: experimentSpecSchema,
    status: experimentStatusSchema.optional(),
  })
  .meta(enforced(NAME_LENGTH, NAME_IS_LABEL, EXPERIMENT_TERMINAL_IS_FINAL, WARM_START_STAYS))
  .describe('Experiment trains one configuration after the other and keeps the best.');
export type Experiment = z.infer<typeof experimentSchema>;
