import { type Experiment, mainObjective, nearestName } from '@espalier/api';
import { invalid } from '../failure.ts';
import { formatDuration } from '../render/duration.ts';
import { formatMetric, formatNumber } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import { furtherMetrics } from './goals.ts';
import { assignedValue } from './parameters.ts';
import type { TrialRow } from './trial-row.ts';

export type FieldValue = string | number | boolean | undefined;

/** Something of a Trial that has a name: a column, or what a condition looks at. */
export interface TrialField {
  readonly name: string;
  readonly value: (row: TrialRow) => FieldValue;
  readonly text: (value: FieldValue) => string;
}

type Field = Omit<TrialField, 'name'>;

const plain = (value: FieldValue): string => {
  if (value === undefined) return '-';
  return typeof value === 'number' ? formatNumber(value) : String(value);
};
const metricText = (value: FieldValue): string =>
  typeof value === 'number' ? formatMetric(value) : plain(value);
const exact = (value: FieldValue): string => (value === undefined ? '-' : String(value));
const seconds = (value: FieldValue): string =>
  typeof value === 'number' ? formatDuration(1000 * value) : plain(value);

const OWN: Readonly<Record<string, Field>> = {
  trial: { value: ({ name }) => name, text: exact },
  index: { value: ({ trial }) => trial.spec.index, text: exact },
  configuration: { value: ({ trial }) => trial.spec.configuration, text: exact },
  replicate: { value: ({ trial }) => trial.spec.replicate, text: exact },
  phase: { value: ({ phase }) => phase, text: exact },
  state: { value: ({ state }) => state, text: exact },
  reason: { value: ({ trial }) => trial.status?.reason, text: exact },
  message: { value: ({ trial }) => trial.status?.message, text: exact },
  value: { value: ({ value }) => value, text: metricText },
  epoch: { value: ({ epoch }) => epoch, text: exact },
  step: { value: ({ trial }) => trial.status?.observation?.step, text: exact },
  attempt: { value: ({ attempt }) => attempt, text: exact },
  algorithm: { value: ({ trial }) => trial.spec.algorithm, text: exact },
  /** Seconds. */
  time: {
    value: ({ elapsedMs }) => (elapsedMs === undefined ? undefined : elapsedMs / 1000),
    text: seconds,
  },
};

/**
 * What the Trials of an Experiment have, by name: our own fields, its parameters and its metrics. A
 * parameter that is called as one of ours is `parameters.<name>`, as in `trials.csv`; a metric also has
 * the name `metrics.<name>`.
 */
export function trialFields({ spec }: Experiment): ReadonlyMap<string, TrialField> {
  const fields = new Map<string, Field>(Object.entries(OWN));
  const main = mainObjective(spec).metric;
  const parameters = spec.parameters.map(({ name }) => name);
  if (spec.replicates !== undefined) parameters.push(spec.replicates.parameter);
  const metrics = new Map<string, Field>([
    [main, { value: ({ value }) => value, text: metricText }],
    ...furtherMetrics(spec).map((metric): [string, Field] => [metric, ofMetric(metric)]),
  ]);
  for (const name of parameters) {
    fields.set(Object.hasOwn(OWN, name) ? `parameters.${name}` : name, ofParameter(name));
  }
  for (const [metric, field] of metrics) {
    if (!fields.has(metric)) fields.set(metric, field);
    fields.set(`metrics.${metric}`, field);
  }
  return new Map([...fields].map(([name, field]) => [name, { name, ...field }]));
}

function ofParameter(name: string): Field {
  return {
    value: ({ trial }) => {
      const assignment = trial.spec.parameters.find((one) => one.name === name);
      return assignment && assignedValue(assignment);
    },
    text: plain,
  };
}

function ofMetric(metric: string): Field {
  return {
    value: ({ trial }) =>
      trial.status?.observation?.values?.find((one) => one.metric === metric)?.value,
    text: metricText,
  };
}

/** @throws {Failure} naming the nearest one. */
export function needField(fields: ReadonlyMap<string, TrialField>, name: string): TrialField {
  const found = fields.get(name);
  if (found !== undefined) return found;
  const names = [...fields.keys()];
  const near = nearestName(name, names);
  throw invalid(`trials have no ${printable(name)}`, [
    ...(near === undefined ? [] : [`did you mean ${printable(near)}?`]),
    `they have ${names
      .filter((one) => !one.startsWith('metrics.'))
      .map(printable)
      .join(', ')}`,
  ]);
}
