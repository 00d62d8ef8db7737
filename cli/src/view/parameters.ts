import type { Experiment, ParameterAssignment, ParameterValue } from '@espalier/api';
import { formatNumber } from '../render/number.ts';

/** Names of the parameters that differ between trials, in declaration order. */
export function searchedParameters(experiment: Experiment): readonly string[] {
  const { parameters, replicates } = experiment.spec;
  const searched = parameters
    .filter(({ float, int, string, bool }) => {
      const domain = float ?? int ?? string ?? bool;
      return domain?.value === undefined && domain?.values?.length !== 1;
    })
    .map(({ name }) => name);
  return replicates === undefined ? searched : [...searched, replicates.parameter];
}

export function assignedValue(assignment: ParameterAssignment): ParameterValue | undefined {
  return assignment.float ?? assignment.int ?? assignment.string ?? assignment.bool;
}

/** Parameters by name, for programs. */
export function parameterRecord(
  assignments: readonly ParameterAssignment[],
): Readonly<Record<string, ParameterValue | undefined>> {
  return Object.fromEntries(assignments.map((entry) => [entry.name, assignedValue(entry)]));
}

export function formatParameter(value: ParameterValue | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

/** `lr=2.13e-4 batchSize=64`, only the named ones; all of them if none is named. */
export function parameterList(
  assignments: readonly ParameterAssignment[],
  names: readonly string[],
): string {
  const shown =
    names.length === 0 ? assignments : assignments.filter(({ name }) => names.includes(name));
  return shown.map((entry) => `${entry.name}=${formatParameter(assignedValue(entry))}`).join(' ');
}
