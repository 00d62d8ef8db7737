import type { Experiment, Parameter, Trial } from '@espalier/api';
import { assignedValue, searchedParameters } from '../../view/parameters.ts';
import type { PlottedParameter } from '../sweep.ts';

/** The axes of the parameters that differ between trials, in declared order. */
export function plottedParameters(
  experiment: Experiment,
  trials: readonly Trial[],
): readonly PlottedParameter[] {
  const declared = new Map(experiment.spec.parameters.map((each) => [each.name, each]));
  return searchedParameters(experiment).map((name) => {
    const parameter = declared.get(name);
    const range = parameter?.float ?? parameter?.int;
    if (range !== undefined && range.values === undefined) {
      return { name, kind: 'number', isLog: range.scale === 'log' };
    }
    return { name, kind: 'choice', choices: choicesOf(parameter, name, trials) };
  });
}

/** As declared; those of replicates, which are no parameter, as the trials have them. */
function choicesOf(
  parameter: Parameter | undefined,
  name: string,
  trials: readonly Trial[],
): readonly string[] {
  const domain = parameter?.float ?? parameter?.int ?? parameter?.string ?? parameter?.bool;
  if (domain?.values !== undefined) return domain.values.map(String);
  if (parameter?.bool !== undefined) return ['false', 'true'];
  const seen = trials.flatMap(({ spec }) =>
    spec.parameters.filter((each) => each.name === name).map((each) => String(assignedValue(each))),
  );
  return [...new Set(seen)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** What a trial was given, by name: numbers for axes of numbers, texts for choices. */
export function plottedValues(trial: Trial): Readonly<Record<string, number | string>> {
  return Object.fromEntries(
    trial.spec.parameters.flatMap((assignment) => {
      const value = assignedValue(assignment);
      if (value === undefined) return [];
      return [[assignment.name, typeof value === 'boolean' ? String(value) : value]];
    }),
  );
}
