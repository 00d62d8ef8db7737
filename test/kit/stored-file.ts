import type { Experiment, Trial } from '@espalier/api';
import type { ObjectStore } from '../../controller/src/adapters/s3/object-store.ts';
import type { ArtifactKeys } from '../../controller/src/domain/artifacts/keys.ts';

const MAX_BYTES = 64 * 2 ** 20;
const CALL = { signal: new AbortController().signal };

/** The bytes of a file of an attempt in an object store; undefined = it is not there. */
export async function storedFile(
  store: ObjectStore,
  keys: ArtifactKeys,
  { experiment, trial, attempt }: AttemptOf,
  path: string,
): Promise<Buffer | undefined> {
  const { namespace, name, uid } = experiment.metadata;
  const place = {
    experiment: { namespace, name, uid },
    index: trial.spec.index,
    trialUid: trial.metadata.uid,
    attempt,
  };
  return (await store.get(keys.attemptFile(place, path), MAX_BYTES, CALL))?.body;
}

export interface AttemptOf {
  readonly experiment: Experiment;
  readonly trial: Trial;
  readonly attempt: number;
}
