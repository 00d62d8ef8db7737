import {
  API_VERSION,
  checkExperiment,
  type Experiment,
  type ExperimentRecord,
  experimentRecordSchema,
  RECORD_TRIALS,
  type RecordFile,
  type Trial,
  trialSchema,
} from '@espalier/api';

/** The Trials of one file each, by ascending index. */
export function recordParts(trials: readonly Trial[]): readonly (readonly Trial[])[] {
  const all = [...trials].sort((a, b) => a.spec.index - b.spec.index);
  return Array.from({ length: Math.ceil(all.length / RECORD_TRIALS) }, (_, part) =>
    all.slice(part * RECORD_TRIALS, (part + 1) * RECORD_TRIALS),
  );
}

/** A line per Trial: all that the search decided and knew of it, and nothing of its attempts. */
export function recordFileText(trials: readonly Trial[]): string {
  return trials.map((trial) => `${JSON.stringify(recorded(trial))}\n`).join('');
}

/** Of the status only what suggestions depend on: it says otherwise that all Trials ended. */
export function recordText(
  { metadata, spec, status }: Experiment,
  files: readonly RecordFile[],
): string {
  const { name, namespace, uid, generation, creationTimestamp } = metadata;
  const experiment = {
    apiVersion: API_VERSION,
    kind: 'Experiment',
    metadata: { name, namespace, uid, generation, creationTimestamp },
    spec,
    ...(status?.warmStart === undefined
      ? {}
      : { status: { phase: 'Stopping', conditions: [], warmStart: status.warmStart } }),
  };
  return `${JSON.stringify({ version: 1, experiment, files }, null, 2)}\n`;
}

/** @throws {Error} if the text is no record, or one of a spec that no API server takes. */
export function parseRecord(text: string): ExperimentRecord {
  const record = experimentRecordSchema.parse(JSON.parse(text));
  const [broken] = checkExperiment(record.experiment.spec);
  if (broken !== undefined) throw new Error(`${broken.path.join('.')}: ${broken.message}`);
  return record;
}

/** @throws {Error} if a line is no Trial. */
export function parseRecordFile(text: string): readonly Trial[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => trialSchema.parse(JSON.parse(line)));
}

function recorded({ metadata, spec, status }: Trial): object {
  const { name, namespace, uid, creationTimestamp } = metadata;
  // Ledger, texts and files of attempts stand in trials.csv, the logs and the manifests.
  const { attempts: _attempts, message: _message, artifacts: _artifacts, ...rest } = status ?? {};
  return {
    apiVersion: API_VERSION,
    kind: 'Trial',
    metadata: { name, namespace, uid, creationTimestamp },
    spec,
    ...(status === undefined ? {} : { status: rest }),
  };
}
