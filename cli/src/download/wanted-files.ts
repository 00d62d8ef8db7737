import { ARTIFACT, checkpointFolder, type Manifest, type ManifestFile } from '@espalier/api';

/**
 * The files of an attempt that people want: all that its manifest lists but the checkpoints which were
 * not the best.
 *
 * @param checkpointSha256 What the Experiment's status says of the best model, if it names one.
 * @throws {Error} if the manifest contradicts itself or the status.
 */
export function wantedFiles(
  { files, best }: Manifest,
  checkpointSha256: string | undefined,
): readonly ManifestFile[] {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) throw new Error(`the manifest lists ${path} twice`);
    paths.add(path);
  }
  const folder = best === null ? undefined : `${checkpointFolder(best.step)}/`;
  const model = files.find(({ path }) => path === `${folder ?? ''}${ARTIFACT.model}`);
  if (checkpointSha256 !== undefined && model?.sha256 !== checkpointSha256) {
    throw new Error('the manifest lists another model than the status of the Experiment');
  }
  return files.filter(({ path }) => {
    return !path.startsWith('checkpoint-') || (folder !== undefined && path.startsWith(folder));
  });
}

/** Where an attempt lies, and whose it is. */
export interface AttemptFolder {
  /** `s3://bucket/...` or `file:///...`, without a slash at the end. */
  readonly uri: string;
  readonly trialUid: string;
  readonly attempt: number;
}

/**
 * Reads the URI that a status names: that of the folder, or of one of its files.
 *
 * @returns undefined if it is none of ours.
 */
export function attemptFolder(uri: string | undefined): AttemptFolder | undefined {
  const [, folder, trialUid, attempt] =
    /^((?:s3|file):\/\/.+\/trials\/\d+-([0-9a-f-]{36})\/a(\d{1,9}))(?:\/|$)/.exec(uri ?? '') ?? [];
  if (folder === undefined || trialUid === undefined) return undefined;
  return { uri: folder, trialUid, attempt: Number(attempt) };
}
