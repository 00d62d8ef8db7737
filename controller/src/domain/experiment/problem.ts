import {
  assignmentValue,
  type ExperimentSpec,
  type Parameter,
  type ParameterAssignment,
  type ParameterValue,
  type TrialSpec,
} from '@espalier/api';
import type { Configuration, Dimension, When } from '@espalier/search';

type DomainType = 'float' | 'int' | 'string' | 'bool';

/** The type of a parameter; undefined if the user set none, which `checkExperiment` reports. */
export function parameterType(parameter: Parameter): DomainType | undefined {
  if (parameter.float !== undefined) return 'float';
  if (parameter.int !== undefined) return 'int';
  if (parameter.string !== undefined) return 'string';
  return parameter.bool === undefined ? undefined : 'bool';
}

/** The declared parameters as the search engine's dimensions; undefined if one has no whole domain. */
export function dimensionsOf(parameters: readonly Parameter[]): readonly Dimension[] | undefined {
  const types = new Map(parameters.map((parameter) => [parameter.name, parameterType(parameter)]));
  const dimensions = parameters.map((parameter) => {
    const domain = domainOf(parameter);
    if (domain === undefined || parameter.when === undefined) return domain;
    const parent = types.get(parameter.when.parameter);
    const values = parameter.when.in.map((value) => parentValue(value, parent));
    const when: When = { parent: parameter.when.parameter, in: values };
    return { ...domain, when };
  });
  return dimensions.every((dimension) => dimension !== undefined) ? dimensions : undefined;
}

/** A suggestion, and the replicate's own parameter, as a Trial records them: in declared order. */
export function assignmentsOf(
  spec: ExperimentSpec,
  configuration: Configuration,
  replicate: number,
): ParameterAssignment[] {
  const assignments = spec.parameters.flatMap((parameter) => {
    const value = configuration[parameter.name];
    const type = parameterType(parameter);
    return value === undefined || type === undefined
      ? []
      : [{ name: parameter.name, [type]: value } as ParameterAssignment];
  });
  const { replicates } = spec;
  const value = replicateValue(spec, replicate);
  if (replicates === undefined || value === undefined) return assignments;
  return [...assignments, { name: replicates.parameter, int: value }];
}

/** The value of the replicated parameter: after those of the race come those that are held back. */
export function replicateValue(
  { replicates }: ExperimentSpec,
  replicate: number,
): number | undefined {
  const { values = [], racing } = replicates ?? {};
  return [...values, ...(racing?.confirm?.values ?? [])][replicate];
}

/** What the search suggested for this Trial's configuration, as it was recorded. */
export function configurationOf(spec: ExperimentSpec, trial: TrialSpec): Configuration {
  const own = spec.replicates?.parameter;
  return Object.fromEntries(
    trial.parameters
      .filter(({ name }) => name !== own)
      .map((assignment): [string, ParameterValue] => [
        assignment.name,
        assignmentValue(assignment) ?? '',
      ]),
  );
}

/** Trials per configuration. */
export function replicateCount(spec: ExperimentSpec): number {
  return spec.replicates?.values.length ?? 1;
}

/** A value under `when.in` in the parent's own type: booleans and fractions come as texts. */
function parentValue(value: number | string, parent: DomainType | undefined): ParameterValue {
  const text = String(value);
  switch (parent) {
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : value;
    case 'float':
    case 'int':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : value;
    case 'string':
      return text;
    case undefined:
      return value;
  }
}

function domainOf({ name, float, int, string, bool }: Parameter): Dimension | undefined {
  const numeric = float ?? int;
  const listed = string ?? bool;
  const type = float !== undefined ? 'float' : 'int';
  if (numeric !== undefined) {
    const { value, values, min, max, step, scale } = numeric;
    if (value !== undefined) return { name, kind: 'fixed', type, value };
    if (values !== undefined) return { name, kind: 'ordinal', type, values };
    if (min === undefined || max === undefined) return undefined;
    const range = { name, kind: type, min, max, scale: scale ?? 'linear' } as const;
    return step === undefined ? range : { ...range, step };
  }
  if (listed === undefined) return undefined;
  const kind = string !== undefined ? 'string' : 'bool';
  if (listed.value !== undefined) return { name, kind: 'fixed', type: kind, value: listed.value };
  if (listed.values === undefined) return undefined;
  return { name, kind: 'categorical', type: kind, values: listed.values };
}
