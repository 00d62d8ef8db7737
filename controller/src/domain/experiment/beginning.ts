import {
  assignmentValue,
  type ExperimentSpec,
  mainObjective,
  type ParameterAssignment,
  type ParameterValue,
  type WarmStartRecord,
} from '@espalier/api';
import {
  algorithmInfo,
  type Configuration,
  type HistoryEntry,
  type ParameterLimit,
  type Problem,
} from '@espalier/search';
import { omitUndefined } from '../same.ts';
import { areBetter, goalsOf } from './goals.ts';

type Demands = Pick<Problem, 'goals' | 'isConstrained' | 'limits' | 'enqueued' | 'prior'>;

/** What a spec asks of the search beside one objective, and what was taken from earlier Experiments. */
export function demandsOf(spec: ExperimentSpec, record: WarmStartRecord | undefined): Demands {
  const enqueued = [
    ...(spec.enqueue ?? []).map(({ parameters }) => valuesOf(parameters)),
    ...bestOf(spec, record).map(({ parameters }) => valuesOf(parameters)),
  ];
  const takesPrior = algorithmInfo(spec.search.algorithm)?.takesPrior === true;
  const prior = takesPrior ? priorOf(spec, record) : [];
  return omitUndefined({
    goals: spec.objectives === undefined ? undefined : goalsOf(spec),
    isConstrained: spec.constraints === undefined ? undefined : true,
    limits: limitsOf(spec),
    enqueued: enqueued.length === 0 ? undefined : enqueued,
    prior: prior.length === 0 ? undefined : prior,
  });
}

export function limitsOf({
  parameterConstraints,
}: ExperimentSpec): readonly ParameterLimit[] | undefined {
  return parameterConstraints?.map(({ sum, product, min, max }) => {
    const kind: ParameterLimit['kind'] = sum === undefined ? 'product' : 'sum';
    const terms =
      sum?.map(({ parameter, weight }) => ({ parameter, by: weight })) ??
      product?.map(({ parameter, exponent }) => ({ parameter, by: exponent })) ??
      [];
    return omitUndefined({ kind, terms, min, max });
  });
}

/** Assignments as the search engine's values. */
export function valuesOf(parameters: readonly ParameterAssignment[]): Configuration {
  return Object.fromEntries(
    parameters.map((one): [string, ParameterValue] => [one.name, assignmentValue(one) ?? '']),
  );
}

/** The earlier configurations that are tried again, the best first. */
function bestOf(
  spec: ExperimentSpec,
  record: WarmStartRecord | undefined,
): WarmStartRecord['configurations'] {
  const count = spec.warmStart?.enqueue ?? 0;
  if (count === 0 || record === undefined) return [];
  const goals = goalsOf(spec);
  const numbers = (entry: WarmStartRecord['configurations'][number]) =>
    entry.values.map(({ value }) => value);
  return record.configurations
    .filter(({ violation }) => violation === undefined)
    .toSorted((a, b) => {
      if (areBetter(goals, numbers(a), numbers(b))) return -1;
      return areBetter(goals, numbers(b), numbers(a)) ? 1 : 0;
    })
    .slice(0, count);
}

/** As results of numbers below 0, so that they come before all others. */
function priorOf(
  spec: ExperimentSpec,
  record: WarmStartRecord | undefined,
): readonly HistoryEntry[] {
  const { metric } = mainObjective(spec);
  const configurations = record?.configurations ?? [];
  return configurations.map(({ values, violation, parameters }, at) =>
    omitUndefined({
      index: at - configurations.length,
      configuration: valuesOf(parameters),
      outcome: 'succeeded' as const,
      value: values.find((entry) => entry.metric === metric)?.value,
      values: spec.objectives === undefined ? undefined : values.map(({ value }) => value),
      violation,
    }),
  );
}
