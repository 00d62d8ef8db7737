import { assignmentValue, type ExperimentSpec, type Trial } from '@espalier/api';
import { parseTime } from '../time.ts';
import { type TrackedMetric, trackedMetrics } from './goals.ts';

const FIRST_COLUMNS = ['index', 'trial', 'configuration', 'replicate'];
const LAST_COLUMNS = 'objective phase reason lastEpoch lastStep attempts seconds'.split(' ');
const OWN_COLUMNS = new Set([...FIRST_COLUMNS, ...LAST_COLUMNS]);

/**
 * `trials.csv`: a header and a row per Trial by index, quoted after RFC 4180, lines ended by a line
 * feed. Numbers are the shortest that read back exactly.
 *
 * A parameter's column has its name, or `parameters.<name>` where one of our own columns has it. Where
 * further metrics count, `metrics.<name>` of each stands before `objective`, which is the first one.
 * Only the last columns, `attempts` and `seconds`, depend on the machine and its troubles: without
 * them, two runs that decided the same are byte-identical.
 */
export function trialsCsv(spec: ExperimentSpec, trials: readonly Trial[]): string {
  const names = spec.parameters.map(({ name }) => name);
  const { replicates } = spec;
  if (replicates !== undefined) names.push(replicates.parameter);
  const further = trackedMetrics(spec).slice(1);
  const header = [
    ...FIRST_COLUMNS,
    ...names.map((name) => (OWN_COLUMNS.has(name) ? `parameters.${name}` : name)),
    ...further.map(({ metric }) => `metrics.${metric}`),
    ...LAST_COLUMNS,
  ];
  const byIndex = [...trials].sort((a, b) => a.spec.index - b.spec.index);
  const rows = [header, ...byIndex.map((trial) => rowOf(trial, names, further))];
  return rows.map((row) => `${row.map(quote).join(',')}\n`).join('');
}

function rowOf(
  { metadata, spec, status }: Trial,
  names: readonly string[],
  further: readonly TrackedMetric[],
): string[] {
  const values = new Map(spec.parameters.map((one) => [one.name, assignmentValue(one)]));
  const { observation, attempts = [] } = status ?? {};
  const ran = attempts.filter(({ startTime }) => startTime !== undefined);
  const seconds = ran.reduce((sum, { startTime, endTime }) => {
    const [from, to] = [parseTime(startTime), parseTime(endTime)];
    return from === undefined || to === undefined ? sum : sum + Math.max(0, to - from) / 1000;
  }, 0);
  return [
    String(spec.index),
    metadata.name,
    String(spec.configuration),
    String(spec.replicate),
    ...names.map((name) => text(values.get(name))),
    ...further.map(({ metric }) =>
      text(observation?.values?.find((one) => one.metric === metric)?.value),
    ),
    text(observation?.value),
    status?.phase ?? 'Pending',
    status?.reason ?? '',
    text(observation?.lastEpoch),
    text(observation?.lastStep),
    String(attempts.length),
    String(Math.round(seconds * 1000) / 1000),
  ];
}

function text(value: string | number | boolean | undefined): string {
  return value === undefined ? '' : String(value);
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
