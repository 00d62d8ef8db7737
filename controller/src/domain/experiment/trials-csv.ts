import { assignmentValue, type ExperimentSpec, type Trial } from '@espalier/api';
import { parseTime } from '../time.ts';

/**
 * `trials.csv`: a header and a row per Trial by index, quoted after RFC 4180, lines ended by a line
 * feed. Numbers are the shortest that read back exactly.
 *
 * Only the last columns, `attempts` and `seconds`, depend on the machine and its troubles: without
 * them, two runs that decided the same are byte-identical.
 */
export function trialsCsv(spec: ExperimentSpec, trials: readonly Trial[]): string {
  const names = spec.parameters.map(({ name }) => name);
  const { replicates } = spec;
  if (replicates !== undefined) names.push(replicates.parameter);
  const header = [
    ...['index', 'trial', 'configuration', 'replicate'],
    ...names,
    ...['objective', 'phase', 'reason', 'epochs', 'step', 'attempts', 'seconds'],
  ];
  const byIndex = [...trials].sort((a, b) => a.spec.index - b.spec.index);
  const rows = [header, ...byIndex.map((trial) => rowOf(trial, names))];
  return rows.map((row) => `${row.map(quote).join(',')}\n`).join('');
}

function rowOf({ metadata, spec, status }: Trial, names: readonly string[]): string[] {
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
