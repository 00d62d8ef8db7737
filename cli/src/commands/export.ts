import { extname, resolve } from 'node:path';
import { type Experiment, objectivesOf } from '@espalier/api';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { keyOf } from '../key.ts';
import { type Location, needExperiment, withClient } from '../location.ts';
import { count } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { writeWholeFile } from '../transfer/whole-file.ts';
import { chooseTrials, type TrialChoice } from '../view/choose-trials.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../view/export-formats.ts';
import { furtherMetrics } from '../view/goals.ts';
import { parameterRecord } from '../view/parameters.ts';
import { type TrialRow, trialRow } from '../view/trial-row.ts';

export interface ExportOptions extends Location, TrialChoice {
  readonly format?: ExportFormat;
  readonly out?: string;
}

/** Writes the Trials of an Experiment as a table for other programs, by index. */
export async function exportTrials(
  surroundings: Surroundings,
  name: string,
  options: ExportOptions,
): Promise<ExitCode> {
  const { stdout, stderr, cwd, now } = surroundings;
  const format = options.format ?? formatOf(options.out);
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const views = await client.trials(key);
    const all = views.map((view) => trialRow(experiment, view, now()));
    const rows = chooseTrials(experiment, all, options);
    const text = await written(experiment, rows, format);
    if (options.out === undefined) {
      stdout.write(text);
      return EXIT.ok;
    }
    const path = resolve(cwd, options.out);
    await writeWholeFile(path, text);
    stderr.write(`${count(rows.length, 'trial')}: ${printable(path)}\n`);
    return EXIT.ok;
  });
}

/** As the name of the file says it; a table if there is no file, or its name has no ending. */
function formatOf(path = '.csv'): ExportFormat {
  const ending = extname(`x${path}`).slice(1).toLowerCase();
  const found = EXPORT_FORMATS.find((format) => format === ending);
  if (found !== undefined || ending === '') return found ?? 'csv';
  throw invalid(`cannot tell from ${printable(path)} what to write`, [
    `its name must end with .${EXPORT_FORMATS.join(', .')}, or --format must say it`,
  ]);
}

async function written(
  experiment: Experiment,
  rows: readonly TrialRow[],
  format: ExportFormat,
): Promise<string> {
  switch (format) {
    case 'csv': {
      // The one that the controller writes at the end: whoever reads one reads the other.
      const { trialsCsv } = await import('@espalier/controller/local');
      return trialsCsv(
        experiment.spec,
        rows.map(({ trial }) => trial),
      );
    }
    case 'json': {
      const trials = rows.map((row) => document(experiment, row));
      return `${JSON.stringify({ ...heading(experiment), trials }, undefined, 2)}\n`;
    }
    case 'jsonl':
      return rows.map((row) => `${JSON.stringify(document(experiment, row))}\n`).join('');
  }
}

function heading({ metadata, spec, status }: Experiment): object {
  const { name, namespace, uid } = metadata;
  const objectives = objectivesOf(spec).map(({ metric, goal }) => ({ metric, goal }));
  return { experiment: name, namespace, uid, phase: status?.phase ?? 'Pending', objectives };
}

/** README.md lists the fields. */
function document({ spec: asked }: Experiment, row: TrialRow): object {
  const { trial, phase, value, attempt, elapsedMs } = row;
  const { spec, status } = trial;
  const { observation, artifacts } = status ?? {};
  const known = new Map(observation?.values?.map((one) => [one.metric, one.value]));
  const [main] = objectivesOf(asked);
  const values = [main?.metric ?? '', ...furtherMetrics(asked)].map((metric, at) => [
    metric,
    at === 0 ? value : known.get(metric),
  ]);
  return {
    trial: row.name,
    index: spec.index,
    configuration: spec.configuration,
    replicate: spec.replicate,
    phase,
    reason: status?.reason,
    message: status?.message,
    algorithm: spec.algorithm,
    parameters: parameterRecord(spec.parameters),
    values: Object.fromEntries(values),
    step: observation?.step,
    epoch: observation?.epoch,
    lastStep: observation?.lastStep,
    lastEpoch: observation?.lastEpoch,
    attempt,
    startTime: status?.startTime,
    completionTime: status?.completionTime,
    seconds: elapsedMs === undefined ? undefined : elapsedMs / 1000,
    checkpoint: artifacts?.checkpoint?.uri,
    metricsCsv: artifacts?.metricsCsv,
    log: artifacts?.log,
  };
}
