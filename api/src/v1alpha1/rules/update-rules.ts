import type { ExperimentSpec } from '../experiment.ts';
import type { Rule } from './rule.ts';
import { isSameJson } from './same-json.ts';
import type { FieldPath } from './statement.ts';
import * as says from './transition-statements.ts';

/** A spec and the one that shall take its place. */
export interface SpecUpdate {
  readonly before: ExperimentSpec;
  readonly after: ExperimentSpec;
}

const GOALS = ['objectives', 'constraints', 'parameterConstraints'] as const;
const BEGINNING = ['enqueue', 'warmStart'] as const;
const FIXED = [
  'objective',
  ...GOALS,
  'search',
  ...BEGINNING,
  'replicates',
  'earlyStopping',
] as const;
type FixedField = (typeof FIXED)[number];

function comesOrGoes(...fields: readonly FixedField[]): (update: SpecUpdate) => FieldPath[] {
  return ({ before, after }) =>
    fields
      .filter((field) => (before[field] === undefined) !== (after[field] === undefined))
      .map((field) => ['spec', field]);
}

/** What must hold between a spec and the one before it. */
export const UPDATE_RULES: readonly Rule<SpecUpdate>[] = [
  {
    name: 'no-way-back',
    statement: says.NO_WAY_BACK,
    broken: ({ before: { desiredState: from }, after: { desiredState: to } }) =>
      from === to || (from !== 'Cancel' && (from !== 'Stop' || to === 'Cancel'))
        ? []
        : [['spec', 'desiredState']],
  },
  {
    name: 'field-is-fixed',
    statement: says.FIELD_IS_FIXED,
    broken: ({ before, after }) =>
      FIXED.filter(
        (field) =>
          before[field] !== undefined &&
          after[field] !== undefined &&
          !isSameJson(before[field], after[field]),
      ).map((field) => ['spec', field]),
  },
  {
    name: 'parameters-are-fixed',
    statement: says.PARAMETERS_ARE_FIXED,
    broken: ({ before, after }) =>
      isSameJson(before.parameters, after.parameters) ? [] : [['spec', 'parameters']],
  },
  {
    name: 'replicates-stay',
    statement: says.REPLICATES_STAY,
    broken: comesOrGoes('replicates'),
  },
  {
    name: 'early-stopping-stays',
    statement: says.EARLY_STOPPING_STAYS,
    broken: comesOrGoes('earlyStopping'),
  },
  { name: 'goals-stay', statement: says.GOALS_STAY, broken: comesOrGoes(...GOALS) },
  { name: 'beginning-stays', statement: says.BEGINNING_STAYS, broken: comesOrGoes(...BEGINNING) },
];
