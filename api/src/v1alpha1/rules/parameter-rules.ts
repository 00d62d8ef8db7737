import type { ExperimentSpec } from '../experiment.ts';
import type { Parameter } from '../parameters.ts';
import * as says from './parameter-statements.ts';
import { type Rule, repeated } from './rule.ts';
import type { FieldPath } from './statement.ts';

type Range = NonNullable<Parameter['float' | 'int']>;
type Domain = NonNullable<Parameter['float' | 'int' | 'string' | 'bool']>;

const RANGE_TYPES = ['float', 'int'] as const;
const TYPES = ['float', 'int', 'string', 'bool'] as const;

/** Asks a question about each parameter; the answer is a path below it, or nothing if all is well. */
function eachParameter(
  broken: (parameter: Parameter) => FieldPath | undefined,
): (spec: ExperimentSpec) => FieldPath[] {
  return (spec) =>
    spec.parameters.flatMap((parameter, index) => {
      const path = broken(parameter);
      return path === undefined ? [] : [['spec', 'parameters', index, ...path]];
    });
}

/** Asks a question about each domain of a type that has ranges. */
function eachRange(
  broken: (range: Range) => FieldPath | undefined,
  types: readonly ('float' | 'int')[] = RANGE_TYPES,
): (spec: ExperimentSpec) => FieldPath[] {
  return eachParameter((parameter) => {
    for (const type of types) {
      const range = parameter[type];
      const path = range === undefined ? undefined : broken(range);
      if (path !== undefined) return [type, ...path];
    }
    return undefined;
  });
}

const logNeedsPositive = (range: Range): FieldPath | undefined =>
  range.scale === 'log' && range.min !== undefined && range.min <= 0 ? ['min'] : undefined;

function repeatedValues(types: readonly (typeof TYPES)[number][]) {
  return (spec: ExperimentSpec): FieldPath[] =>
    spec.parameters.flatMap((parameter, index) =>
      types.flatMap((type) => {
        const values: readonly unknown[] = parameter[type]?.values ?? [];
        return repeated(values).map((at) => ['spec', 'parameters', index, type, 'values', at]);
      }),
    );
}

function repeatedNames(spec: ExperimentSpec): FieldPath[] {
  return repeated(spec.parameters.map((parameter) => parameter.name)).map((index) => [
    'spec',
    'parameters',
    index,
    'name',
  ]);
}

function missingParents(spec: ExperimentSpec): FieldPath[] {
  const names = new Set(spec.parameters.map((parameter) => parameter.name));
  return eachParameter((parameter) =>
    parameter.when !== undefined && !names.has(parameter.when.parameter)
      ? ['when', 'parameter']
      : undefined,
  )(spec);
}

function hasRange(domain: Domain): boolean {
  return (
    ('min' in domain && domain.min !== undefined) || ('max' in domain && domain.max !== undefined)
  );
}

function formsOf(domain: Domain): number {
  return [domain.value !== undefined, domain.values !== undefined, hasRange(domain)].filter(Boolean)
    .length;
}

/** What must hold inside each parameter and between them. */
export const PARAMETER_RULES: readonly Rule<ExperimentSpec>[] = [
  {
    name: 'one-type',
    statement: says.ONE_TYPE,
    broken: eachParameter((parameter) =>
      TYPES.filter((type) => parameter[type] !== undefined).length === 1 ? undefined : [],
    ),
  },
  {
    name: 'one-form',
    statement: says.ONE_FORM,
    broken: eachRange((range) => (formsOf(range) === 1 ? undefined : [])),
  },
  {
    name: 'one-form-without-range',
    statement: says.ONE_FORM_WITHOUT_RANGE,
    broken: eachParameter(({ string, bool }) => {
      if (string !== undefined && formsOf(string) !== 1) return ['string'];
      return bool !== undefined && formsOf(bool) !== 1 ? ['bool'] : undefined;
    }),
  },
  {
    name: 'both-bounds',
    statement: says.BOTH_BOUNDS,
    broken: eachRange(({ min, max }) =>
      (min === undefined) === (max === undefined) ? undefined : [],
    ),
  },
  {
    name: 'min-below-max',
    statement: says.MIN_BELOW_MAX,
    broken: eachRange(({ min, max }) =>
      min !== undefined && max !== undefined && min >= max ? ['min'] : undefined,
    ),
  },
  {
    name: 'log-needs-positive-float',
    statement: says.LOG_NEEDS_POSITIVE_FLOAT,
    broken: eachRange(logNeedsPositive, ['float']),
  },
  {
    name: 'log-needs-positive-int',
    statement: says.LOG_NEEDS_POSITIVE_INT,
    broken: eachRange(logNeedsPositive, ['int']),
  },
  {
    name: 'scale-needs-range',
    statement: says.SCALE_NEEDS_RANGE,
    broken: eachRange(({ scale, min }) =>
      scale !== undefined && min === undefined ? ['scale'] : undefined,
    ),
  },
  {
    name: 'step-needs-linear-range',
    statement: says.STEP_NEEDS_LINEAR_RANGE,
    broken: eachRange(({ step, min, scale }) =>
      step !== undefined && (min === undefined || scale === 'log') ? ['step'] : undefined,
    ),
  },
  {
    name: 'values-differ',
    statement: says.VALUES_DIFFER,
    broken: repeatedValues(['float', 'int', 'bool']),
  },
  { name: 'texts-differ', statement: says.TEXTS_DIFFER, broken: repeatedValues(['string']) },
  { name: 'names-differ', statement: says.NAMES_DIFFER, broken: repeatedNames },
  {
    name: 'when-names-another',
    statement: says.WHEN_NAMES_ANOTHER,
    broken: eachParameter(({ name, when }) =>
      when?.parameter === name ? ['when', 'parameter'] : undefined,
    ),
  },
  { name: 'when-names-existing', statement: says.WHEN_NAMES_EXISTING, broken: missingParents },
];
