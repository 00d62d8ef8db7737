import { createHash } from 'node:crypto';
import {
  ARTIFACT,
  type Experiment,
  MAX_RECORD_BYTES,
  MAX_RECORD_FILE_BYTES,
  type RecordFile,
  recordFileName,
  type Trial,
} from '@espalier/api';
import type { ArtifactKeys } from '../../domain/artifacts/keys.ts';
import {
  parseRecord,
  parseRecordFile,
  recordFileText,
  recordParts,
  recordText,
} from '../../domain/experiment/record.ts';
import type { Call } from '../../ports/cluster.ts';
import { ConflictError, EspalierError } from '../../ports/errors.ts';
import type { ObjectStore, PutCondition } from './object-store.ts';

/**
 * Writes the record of an Experiment whose Trials have ended: the files of Trials, named after their
 * digests, then `experiment.json`, which names them. Dead between two writes, or without an answer to
 * one, the same call finds what is there and goes on; Trials that came since make another record.
 *
 * @throws {ConflictError} if somebody else wrote `experiment.json` meanwhile.
 */
export async function writeExperimentRecord(
  store: ObjectStore,
  keys: ArtifactKeys,
  experiment: Experiment,
  trials: readonly Trial[],
  hasConditions: boolean,
  call: Call,
): Promise<void> {
  const { namespace, name, uid } = experiment.metadata;
  const place = { namespace, name, uid };
  const when = (condition: PutCondition) => (hasConditions ? condition : undefined);
  const files: RecordFile[] = [];
  for (const part of recordParts(trials)) {
    const body = Buffer.from(recordFileText(part));
    const sha256 = createHash('sha256').update(body).digest('hex');
    files.push({ sha256, size: body.length });
    // Refused = it is there: another content would have another name.
    await store.put(keys.recordFile(place, sha256), body, when({ kind: 'absent' }), call);
  }
  const body = Buffer.from(recordText(experiment, files));
  const key = keys.experimentFile(place, ARTIFACT.experiment);
  const stored = await store.get(key, MAX_RECORD_BYTES, call);
  if (stored?.body.equals(body) === true) return;
  const condition: PutCondition =
    stored === undefined ? { kind: 'absent' } : { kind: 'unchanged', etag: stored.etag };
  const { kind } = await store.put(key, body, when(condition), call);
  if (kind === 'refused') throw new ConflictError(`${key} was written by others`);
}

/** An Experiment without its status, and its Trials as they ended. */
export interface StoredExperiment {
  readonly experiment: Experiment;
  readonly trials: readonly Trial[];
}

/**
 * Reads a record; undefined if there is none below that key.
 *
 * @param root Of the Experiment, without a slash at the end.
 * @throws {EspalierError} `Storage` if it cannot be read, or is not what was written.
 */
export async function readExperimentRecord(
  store: ObjectStore,
  root: string,
  call: Call,
): Promise<StoredExperiment | undefined> {
  const at = (name: string) => `${root}/${name}`;
  const found = await store.get(at(ARTIFACT.experiment), MAX_RECORD_BYTES, call);
  if (found === undefined) return undefined;
  const wrong = (name: string, why: string, cause?: unknown) =>
    new EspalierError('Storage', `s3://${store.bucket}/${at(name)}: ${why}`, { cause });
  const parsed = <T>(name: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw wrong(name, `not as this program writes it: ${why.slice(0, 500)}`, error);
    }
  };
  const record = parsed(ARTIFACT.experiment, () => parseRecord(found.body.toString('utf8')));
  const trials: Trial[] = [];
  for (const { sha256, size } of record.files) {
    const name = recordFileName(sha256);
    const file = await store.get(at(name), MAX_RECORD_FILE_BYTES, call);
    if (file === undefined) throw wrong(name, 'it is gone, and experiment.json names it');
    const digest = createHash('sha256').update(file.body).digest('hex');
    if (file.body.length !== size || digest !== sha256) {
      throw wrong(name, 'its content is not what experiment.json names');
    }
    trials.push(...parsed(name, () => parseRecordFile(file.body.toString('utf8'))));
  }
  return { experiment: record.experiment, trials };
}
