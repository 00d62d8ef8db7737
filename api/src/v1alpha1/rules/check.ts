import type { ExperimentSpec } from '../experiment.ts';
import { GOAL_RULES } from './goal-rules.ts';
import { PARAMETER_RULES } from './parameter-rules.ts';
import { applyRules, type RuleProblem } from './rule.ts';
import { SPEC_RULES } from './spec-rules.ts';
import { UPDATE_RULES } from './update-rules.ts';

const EXPERIMENT_RULES = [...PARAMETER_RULES, ...SPEC_RULES, ...GOAL_RULES];

/**
 * All that is wrong between the fields of a spec; empty if nothing is. What needs the search engine
 * (cycles, a grid over a continuous range, an unknown algorithm) is not looked at.
 */
export function checkExperiment(spec: ExperimentSpec): RuleProblem[] {
  return applyRules(EXPERIMENT_RULES, spec);
}

/** All that `after` changes of `before` although it may not; `after` alone is not looked at. */
export function checkExperimentUpdate(
  before: ExperimentSpec,
  after: ExperimentSpec,
): RuleProblem[] {
  return applyRules(UPDATE_RULES, { before, after });
}
