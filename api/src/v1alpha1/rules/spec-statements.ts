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
  cel: 'self.values.all(x, self.values.exists_one(y, x == y))',
  fieldPath: '.values',
};

export const NO_STOPPING_OF_REPLICATES: Statement = {
  message: 'earlyStopping cannot be combined with replicates',
  cel: '!has(self.replicates) || !has(self.earlyStopping)',
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
