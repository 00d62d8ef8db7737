import { LIMITS } from '../limits.ts';
import type { Statement } from './statement.ts';

/** What must hold between the other fields of an Experiment. */

export const REPLICATED_IS_NOT_LISTED: Statement = {
  message: 'replicates.parameter must not be listed in parameters',
  cel: '!has(self.replicates) || !self.parameters.exists(p, p.name == self.replicates.parameter)',
  fieldPath: '.replicates.parameter',
};

export const REPLICATE_VALUES_DIFFER: Statement = {
  message: 'the values of replicates must differ',
  cel: 'self.all(x, self.exists_one(y, x == y))',
};

export const CONFIRM_VALUES_ARE_HELD_BACK: Statement = {
  message: 'the values of racing.confirm must not be among the values of replicates',
  cel: '!has(self.racing) || !has(self.racing.confirm) || self.racing.confirm.values.all(x, !(x in self.values))',
  fieldPath: '.racing.confirm.values',
};

/** Rules that look at nothing but the trial's own curve. */
const OF_ONE_TRIAL: readonly string[] = ['threshold', 'patience'];
export function canStopReplicates(algorithm: string): boolean {
  return OF_ONE_TRIAL.includes(algorithm);
}
export const NO_STOPPING_OF_REPLICATES: Statement = {
  message: 'with replicates earlyStopping can only be threshold or patience; see replicates.racing',
  cel: `!has(self.replicates) || !has(self.earlyStopping) || self.earlyStopping.algorithm in [${OF_ONE_TRIAL.map((name) => `'${name}'`).join(', ')}]`,
  fieldPath: '.earlyStopping',
  reason: 'FieldValueForbidden',
};

export const TRIAL_COUNT: Statement = {
  message: `trials.max times the number of replicates must be at most ${LIMITS.trials}`,
  cel: `!has(self.replicates) || !has(self.trials) || !has(self.trials.max) || self.trials.max * size(self.replicates.values) <= ${LIMITS.trials}`,
  fieldPath: '.trials.max',
};

export const RESOURCE_BOUNDS: Statement = {
  message: 'max must be at least min',
  cel: '!has(self.max) || !has(self.min) || self.max >= self.min',
  fieldPath: '.max',
};

export const THRESHOLD_NEEDS_BOUND: Statement = {
  message: 'algorithm threshold needs lower or upper',
  cel: "self.algorithm != 'threshold' || has(self.lower) || has(self.upper)",
};

export const BOUNDS_ARE_OF_THRESHOLD: Statement = {
  message: 'lower and upper need algorithm threshold',
  cel: "self.algorithm == 'threshold' || (!has(self.lower) && !has(self.upper))",
  reason: 'FieldValueForbidden',
};

export const LOWER_BELOW_UPPER: Statement = {
  message: 'lower must be less than upper',
  cel: '!has(self.lower) || !has(self.upper) || self.lower < self.upper',
  fieldPath: '.lower',
};

export const HYPERBAND_NEEDS_MAX: Statement = {
  message: 'algorithm hyperband needs max',
  cel: "self.algorithm != 'hyperband' || has(self.max)",
};

export const PATIENCE_NEEDS_RUNGS: Statement = {
  message: 'algorithm patience needs the field patience',
  cel: "self.algorithm != 'patience' || has(self.patience)",
};

export const PATIENCE_IS_NOT_OF_PROMOTION: Statement = {
  message: 'patience cannot be combined with algorithm asha-promotion, which stops nobody',
  cel: "self.algorithm != 'asha-promotion' || !has(self.patience)",
  fieldPath: '.patience',
  reason: 'FieldValueForbidden',
};

export const MIN_DELTA_NEEDS_PATIENCE: Statement = {
  message: 'minDelta needs patience',
  cel: '!has(self.minDelta) || has(self.patience)',
  fieldPath: '.minDelta',
  reason: 'FieldValueForbidden',
};

export const ONE_DATA_SOURCE: Statement = {
  message: 'exactly one of s3 and persistentVolumeClaim must be set',
  cel: 'has(self.s3) != has(self.persistentVolumeClaim)',
};

/** Ten years: far beyond any training, and within what every timer and Go's durations can hold. */
export const MAX_DURATION_HOURS = 87_600;
export const DURATION_RANGE: Statement = {
  message: `must be longer than 0 and at most ${MAX_DURATION_HOURS}h`,
  cel: `duration(self) > duration('0s') && duration(self) <= duration('${MAX_DURATION_HOURS}h')`,
};
