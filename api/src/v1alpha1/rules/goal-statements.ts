import type { Statement } from './statement.ts';

/** What must hold for objectives, constraints and the beginning of a search. */

export const ONE_OBJECTIVE_FIELD: Statement = {
  message: 'exactly one of objective and objectives must be set',
  cel: 'has(self.objective) != has(self.objectives)',
};

/** A comparison by one objective would end trials that are the best in another. */
export const NO_STOPPING_OF_OBJECTIVES: Statement = {
  message: 'with objectives earlyStopping can only be threshold or patience, by the first one',
  cel: "!has(self.objectives) || !has(self.earlyStopping) || self.earlyStopping.algorithm in ['threshold', 'patience']",
  fieldPath: '.earlyStopping',
  reason: 'FieldValueForbidden',
};

export const NO_RACING_OF_GOALS: Statement = {
  message: 'replicates.racing compares one objective: it takes no objectives and no constraints',
  cel: '!has(self.replicates) || !has(self.replicates.racing) || (!has(self.objectives) && !has(self.constraints))',
  fieldPath: '.replicates.racing',
  reason: 'FieldValueForbidden',
};

export const CONSTRAINT_NEEDS_BOUND: Statement = {
  message: 'at least one of min and max must be set',
  cel: 'has(self.min) || has(self.max)',
};

export const CONSTRAINT_BOUNDS_ORDER: Statement = {
  message: 'min must be at most max',
  cel: '!has(self.min) || !has(self.max) || self.min <= self.max',
  fieldPath: '.min',
};

export const ONE_COMBINATION: Statement = {
  message: 'exactly one of sum and product must be set',
  cel: 'has(self.sum) != has(self.product)',
};

export const METRICS_DIFFER: Statement = {
  message: 'each metric may be listed once',
  cel: 'self.all(x, self.exists_one(y, y.metric == x.metric))',
};

export const WARM_START_NAMES_DIFFER: Statement = {
  message: 'each Experiment may be named once',
  cel: 'self.all(x, self.exists_one(y, y == x))',
};
