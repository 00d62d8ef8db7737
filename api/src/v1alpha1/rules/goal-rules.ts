import type { ExperimentSpec } from '../experiment.ts';
import * as says from './goal-statements.ts';
import { type Rule, repeated } from './rule.ts';
import type { FieldPath } from './statement.ts';

interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

function listed<Item>(
  field: string,
  items: readonly Item[] | undefined,
  isBroken: (item: Item) => boolean,
): FieldPath[] {
  return (items ?? []).flatMap((item, at) => (isBroken(item) ? [['spec', field, at]] : []));
}

function bounds(spec: ExperimentSpec, isBroken: (bounds: Bounds) => boolean): FieldPath[] {
  return [
    ...listed('constraints', spec.constraints, isBroken),
    ...listed('parameterConstraints', spec.parameterConstraints, isBroken),
  ];
}

function repeatedMetrics(spec: ExperimentSpec, field: 'objectives' | 'constraints'): FieldPath[] {
  const metrics = (spec[field] ?? []).map(({ metric }) => metric);
  return repeated(metrics).map((at) => ['spec', field, at, 'metric']);
}

/** What must hold for objectives, constraints and the beginning of a search. */
export const GOAL_RULES: readonly Rule<ExperimentSpec>[] = [
  {
    name: 'one-objective-field',
    statement: says.ONE_OBJECTIVE_FIELD,
    broken: ({ objective, objectives }) =>
      (objective === undefined) === (objectives === undefined) ? [['spec', 'objective']] : [],
  },
  {
    name: 'no-stopping-of-objectives',
    statement: says.NO_STOPPING_OF_OBJECTIVES,
    broken: ({ objectives, earlyStopping }) =>
      objectives !== undefined &&
      earlyStopping !== undefined &&
      !['threshold', 'patience'].includes(earlyStopping.algorithm)
        ? [['spec', 'earlyStopping']]
        : [],
  },
  {
    name: 'no-racing-of-goals',
    statement: says.NO_RACING_OF_GOALS,
    broken: ({ objectives, constraints, replicates }) =>
      replicates?.racing !== undefined && (objectives ?? constraints) !== undefined
        ? [['spec', 'replicates', 'racing']]
        : [],
  },
  {
    name: 'metrics-differ',
    statement: says.METRICS_DIFFER,
    broken: (spec) => [
      ...repeatedMetrics(spec, 'objectives'),
      ...repeatedMetrics(spec, 'constraints'),
    ],
  },
  {
    name: 'constraint-needs-bound',
    statement: says.CONSTRAINT_NEEDS_BOUND,
    broken: (spec) => bounds(spec, ({ min, max }) => min === undefined && max === undefined),
  },
  {
    name: 'constraint-bounds-order',
    statement: says.CONSTRAINT_BOUNDS_ORDER,
    broken: (spec) =>
      bounds(spec, ({ min, max }) => min !== undefined && max !== undefined && min > max),
  },
  {
    name: 'one-combination',
    statement: says.ONE_COMBINATION,
    broken: ({ parameterConstraints }) =>
      listed(
        'parameterConstraints',
        parameterConstraints,
        ({ sum, product }) => (sum === undefined) === (product === undefined),
      ),
  },
  {
    name: 'warm-start-names-differ',
    statement: says.WARM_START_NAMES_DIFFER,
    broken: ({ warmStart }) =>
      repeated(warmStart?.experiments ?? []).map((at) => ['spec', 'warmStart', 'experiments', at]),
  },
];
