import type { Statement } from './statement.ts';

/** What must hold inside one parameter, and between the parameters of one list. */

const TYPES = ['float', 'int', 'string', 'bool'] as const;

export const ONE_TYPE: Statement = {
  message: 'exactly one of float, int, string and bool must be set',
  cel: `${TYPES.map((type) => `(has(self.${type}) ? 1 : 0)`).join(' + ')} == 1`,
};

export const ONE_FORM: Statement = {
  message: 'exactly one of value, values, and min with max must be set',
  cel: '(has(self.value) ? 1 : 0) + (has(self.values) ? 1 : 0) + (has(self.min) || has(self.max) ? 1 : 0) == 1',
};

export const ONE_FORM_WITHOUT_RANGE: Statement = {
  message: 'exactly one of value and values must be set',
  cel: 'has(self.value) != has(self.values)',
};

export const BOTH_BOUNDS: Statement = {
  message: 'min and max must be set together',
  cel: 'has(self.min) == has(self.max)',
};

export const MIN_BELOW_MAX: Statement = {
  message: 'min must be less than max',
  cel: '!has(self.min) || !has(self.max) || self.min < self.max',
  fieldPath: '.min',
};

const LOG_MESSAGE = 'scale log needs min > 0';
const isLog = "has(self.scale) && self.scale == 'log' && has(self.min)";
export const LOG_NEEDS_POSITIVE_FLOAT: Statement = {
  message: LOG_MESSAGE,
  cel: `!(${isLog}) || self.min > 0.0`,
  fieldPath: '.min',
};
export const LOG_NEEDS_POSITIVE_INT: Statement = {
  message: LOG_MESSAGE,
  cel: `!(${isLog}) || self.min > 0`,
  fieldPath: '.min',
};

export const SCALE_NEEDS_RANGE: Statement = {
  message: 'scale needs min and max',
  cel: '!has(self.scale) || has(self.min)',
  fieldPath: '.scale',
  reason: 'FieldValueForbidden',
};

export const STEP_NEEDS_LINEAR_RANGE: Statement = {
  message: 'step needs min, max and a linear scale',
  cel: "!has(self.step) || (has(self.min) && (!has(self.scale) || self.scale == 'linear'))",
  fieldPath: '.step',
  reason: 'FieldValueForbidden',
};

export const VALUES_DIFFER: Statement = {
  message: 'the values must differ',
  cel: '!has(self.values) || self.values.all(x, self.values.exists_one(y, x == y))',
  fieldPath: '.values',
};

/** Comparing 64 texts of 256 characters in 64 parameters is 2.8 times beyond the CEL cost budget. */
export const TEXTS_DIFFER: Statement = { message: VALUES_DIFFER.message };

/** The API server refuses duplicates because the list is a map by name. */
export const NAMES_DIFFER: Statement = { message: 'another parameter has the same name' };

export const WHEN_NAMES_ANOTHER: Statement = {
  message: 'when must name another parameter',
  cel: '!has(self.when) || self.when.parameter != self.name',
  fieldPath: '.when.parameter',
};

/** Stands on the list. */
export const WHEN_NAMES_EXISTING: Statement = {
  message: 'when must name a parameter of the list',
  cel: 'self.all(p, !has(p.when) || self.exists(q, q.name == p.when.parameter))',
};
