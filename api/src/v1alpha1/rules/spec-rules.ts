import type { ExperimentSpec } from '../experiment.ts';
import { LIMITS } from '../limits.ts';
import { durationMs } from '../meta.ts';
import { type Rule, repeated } from './rule.ts';
import * as says from './spec-statements.ts';
import type { FieldPath } from './statement.ts';

/** The path if something is wrong, as a list. */
function where(isBroken: boolean, ...path: FieldPath): FieldPath[] {
  return isBroken ? [['spec', ...path]] : [];
}

function isOutOfRange(duration: string): boolean {
  const ms = durationMs(duration);
  return ms <= 0 || ms > says.MAX_DURATION_HOURS * 3_600_000;
}

function badDurations(spec: ExperimentSpec): FieldPath[] {
  const deadlines = Object.entries(spec.deadlines).flatMap(([name, duration]) =>
    where(duration !== undefined && isOutOfRange(duration), 'deadlines', name),
  );
  return [...deadlines, ...where(isOutOfRange(spec.trainer.gracePeriod), 'trainer', 'gracePeriod')];
}

/** What must hold between the fields other than parameters. */
export const SPEC_RULES: readonly Rule<ExperimentSpec>[] = [
  {
    name: 'replicated-is-not-listed',
    statement: says.REPLICATED_IS_NOT_LISTED,
    broken: ({ replicates, parameters }) =>
      where(
        parameters.some(({ name }) => name === replicates?.parameter),
        'replicates',
        'parameter',
      ),
  },
  {
    name: 'replicate-values-differ',
    statement: says.REPLICATE_VALUES_DIFFER,
    broken: ({ replicates }) => [
      ...repeated(replicates?.values ?? []).map((at) => ['spec', 'replicates', 'values', at]),
      ...repeated(replicates?.racing?.confirm?.values ?? []).map((at) => {
        return ['spec', 'replicates', 'racing', 'confirm', 'values', at];
      }),
    ],
  },
  {
    name: 'confirm-values-are-held-back',
    statement: says.CONFIRM_VALUES_ARE_HELD_BACK,
    broken: ({ replicates }) =>
      where(
        replicates?.racing?.confirm?.values.some((value) => replicates.values.includes(value)) ===
          true,
        'replicates',
        ...['racing', 'confirm', 'values'],
      ),
  },
  {
    name: 'no-stopping-of-replicates',
    statement: says.NO_STOPPING_OF_REPLICATES,
    broken: ({ replicates, earlyStopping }) =>
      where(
        replicates !== undefined &&
          earlyStopping !== undefined &&
          !says.canStopReplicates(earlyStopping.algorithm),
        'earlyStopping',
      ),
  },
  {
    name: 'trial-count',
    statement: says.TRIAL_COUNT,
    broken: ({ trials, replicates }) =>
      where(trials.max * (replicates?.values.length ?? 1) > LIMITS.trials, 'trials', 'max'),
  },
  {
    name: 'resource-bounds',
    statement: says.RESOURCE_BOUNDS,
    broken: ({ earlyStopping: rule }) =>
      where(rule?.max !== undefined && rule.max < rule.min, 'earlyStopping', 'max'),
  },
  {
    name: 'threshold-needs-bound',
    statement: says.THRESHOLD_NEEDS_BOUND,
    broken: ({ earlyStopping: rule }) =>
      where(
        rule?.algorithm === 'threshold' && rule.lower === undefined && rule.upper === undefined,
        'earlyStopping',
      ),
  },
  {
    name: 'bounds-are-of-threshold',
    statement: says.BOUNDS_ARE_OF_THRESHOLD,
    broken: ({ earlyStopping: rule }) =>
      rule === undefined || rule.algorithm === 'threshold'
        ? []
        : (['lower', 'upper'] as const).flatMap((bound) =>
            where(rule[bound] !== undefined, 'earlyStopping', bound),
          ),
  },
  {
    name: 'lower-below-upper',
    statement: says.LOWER_BELOW_UPPER,
    broken: ({ earlyStopping: rule }) =>
      where(
        rule?.lower !== undefined && rule.upper !== undefined && rule.lower >= rule.upper,
        'earlyStopping',
        'lower',
      ),
  },
  {
    name: 'hyperband-needs-max',
    statement: says.HYPERBAND_NEEDS_MAX,
    broken: ({ earlyStopping: rule }) =>
      where(rule?.algorithm === 'hyperband' && rule.max === undefined, 'earlyStopping'),
  },
  {
    name: 'patience-needs-rungs',
    statement: says.PATIENCE_NEEDS_RUNGS,
    broken: ({ earlyStopping: rule }) =>
      where(rule?.algorithm === 'patience' && rule.patience === undefined, 'earlyStopping'),
  },
  {
    name: 'patience-is-not-of-promotion',
    statement: says.PATIENCE_IS_NOT_OF_PROMOTION,
    broken: ({ earlyStopping: rule }) =>
      where(
        rule?.algorithm === 'asha-promotion' && rule.patience !== undefined,
        ...['earlyStopping', 'patience'],
      ),
  },
  {
    name: 'min-delta-needs-patience',
    statement: says.MIN_DELTA_NEEDS_PATIENCE,
    broken: ({ earlyStopping: rule }) =>
      where(
        rule?.minDelta !== undefined && rule.patience === undefined,
        ...['earlyStopping', 'minDelta'],
      ),
  },
  {
    name: 'one-data-source',
    statement: says.ONE_DATA_SOURCE,
    broken: ({ data }) =>
      where(
        data !== undefined &&
          (data.s3 === undefined) === (data.persistentVolumeClaim === undefined),
        'data',
      ),
  },
  { name: 'duration-range', statement: says.DURATION_RANGE, broken: badDurations },
];
