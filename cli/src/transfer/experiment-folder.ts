import { attemptKey, type Experiment, experimentKey, type Trial } from '@espalier/api';
import type { Surroundings } from '../surroundings.ts';
import type { BucketFlags } from './store-options.ts';

/** Where everything of an Experiment lies in an object store. */
export interface ExperimentFolder {
  readonly bucket: string;
  /** Without a slash at the end. */
  readonly root: string;
}

/**
 * As the status of the Experiment or of any of its Trials names it, else as flags and variables say;
 * undefined if neither does.
 */
export function experimentFolder(
  { env }: Pick<Surroundings, 'env'>,
  experiment: Experiment,
  trials: readonly Trial[],
  flags: BucketFlags,
): ExperimentFolder | undefined {
  const { namespace, name, uid } = experiment.metadata;
  const key = experimentKey(namespace, name, uid);
  const { best } = experiment.status ?? {};
  const uris = [best?.csv, best?.checkpoint?.uri, ...trials.map((trial) => folderOf(trial))];
  for (const uri of uris) {
    const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri ?? '') ?? [];
    // A status names only what lies in the Experiment's own folder.
    const at = `/${path}`.indexOf(`/${key}/`);
    if (bucket !== undefined && at >= 0) return { bucket, root: path.slice(0, at + key.length) };
  }
  const bucket = flags.bucket ?? env.ESPALIER_S3_BUCKET ?? '';
  const prefix = (flags.prefix ?? env.ESPALIER_S3_PREFIX ?? '').replace(/\/$/, '');
  if (bucket === '') return undefined;
  return { bucket, root: prefix === '' ? key : `${prefix}/${key}` };
}

function folderOf({ status }: Trial): string | undefined {
  return status?.artifacts?.folder;
}

/** The folder of one attempt, without a slash at the end. */
export function attemptRoot(
  { root }: ExperimentFolder,
  { metadata, spec }: Trial,
  attempt: number,
): string {
  return `${root}/${attemptKey(spec.index, metadata.uid, attempt)}`;
}
