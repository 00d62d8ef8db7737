import { LIMITS } from '../limits.ts';
import type { Statement } from './statement.ts';

/** What must hold between an object and the object it replaces. */

export const NO_WAY_BACK: Statement = {
  message: 'Cancel is final, and Stop can only become Cancel',
  cel: "self == oldSelf || (oldSelf != 'Cancel' && (oldSelf != 'Stop' || self == 'Cancel'))",
  reason: 'FieldValueForbidden',
};

/** Stands on each of the fields that the record of the Trials is only true for. */
export const FIELD_IS_FIXED: Statement = {
  message: 'cannot be changed; make another Experiment',
  cel: 'self == oldSelf',
  reason: 'FieldValueForbidden',
};

/** The lists are maps by name, which CEL compares without their order; a grid counts in that order. */
export const PARAMETERS_ARE_FIXED: Statement = {
  ...FIELD_IS_FIXED,
  cel: 'self == oldSelf && self.map(p, p.name) == oldSelf.map(p, p.name)',
};

/** A rule on an optional field is not asked when the field comes or goes. */
export const REPLICATES_STAY: Statement = {
  message: 'replicates can be neither added nor removed; make another Experiment',
  cel: 'has(self.replicates) == has(oldSelf.replicates)',
  reason: 'FieldValueForbidden',
};
export const EARLY_STOPPING_STAYS: Statement = {
  message: 'earlyStopping can be neither added nor removed; make another Experiment',
  cel: 'has(self.earlyStopping) == has(oldSelf.earlyStopping)',
  reason: 'FieldValueForbidden',
};

export const GOALS_STAY: Statement = {
  message: 'objective(s), constraints, parameterConstraints cannot be added or removed',
  cel: 'has(self.objectives) == has(oldSelf.objectives) && has(self.constraints) == has(oldSelf.constraints) && has(self.parameterConstraints) == has(oldSelf.parameterConstraints)',
  reason: 'FieldValueForbidden',
};
export const BEGINNING_STAYS: Statement = {
  message: 'enqueue and warmStart can be neither added nor removed; make another Experiment',
  cel: 'has(self.enqueue) == has(oldSelf.enqueue) && has(self.warmStart) == has(oldSelf.warmStart)',
  reason: 'FieldValueForbidden',
};

export const TRIAL_SPEC_IS_FIXED: Statement = {
  message: 'the spec of a Trial cannot be changed',
  cel: 'self == oldSelf',
  reason: 'FieldValueForbidden',
};

function terminalIsFinal(phases: readonly string[]): Statement {
  const terminal = phases.map((phase) => `'${phase}'`).join(', ');
  return {
    message: 'a terminal phase is final',
    cel: `!has(oldSelf.status) || !(oldSelf.status.phase in [${terminal}]) || (has(self.status) && self.status.phase == oldSelf.status.phase)`,
    fieldPath: '.status.phase',
    reason: 'FieldValueForbidden',
  };
}
/** These two stand at the root, since a rule on `status` is not asked when the status goes. */
export const EXPERIMENT_TERMINAL_IS_FINAL = terminalIsFinal(['Succeeded', 'Failed', 'Cancelled']);
export const TRIAL_TERMINAL_IS_FINAL = terminalIsFinal(['Succeeded', 'Stopped', 'Failed']);

/** Suggestions depend on it: a controller that does not know it yet must not take it away. */
export const WARM_START_STAYS: Statement = {
  message: 'what was taken for warmStart cannot be removed',
  cel: '!has(oldSelf.status) || !has(oldSelf.status.warmStart) || (has(self.status) && has(self.status.warmStart))',
  fieldPath: '.status.warmStart',
  reason: 'FieldValueForbidden',
};

export const NAME_LENGTH: Statement = {
  message: `metadata.name must be at most ${LIMITS.experimentName} characters`,
  cel: `size(self.metadata.name) <= ${LIMITS.experimentName}`,
};
/** Names of Trials and pods become label values, and theirs begin with this one. */
export const NAME_IS_LABEL: Statement = {
  message: 'metadata.name must not contain a dot',
  cel: "!self.metadata.name.contains('.')",
};
