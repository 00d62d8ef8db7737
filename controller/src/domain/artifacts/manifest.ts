import {
  ARTIFACT,
  checkpointFolder,
  type Manifest,
  manifestSchema,
  type TrialArtifacts,
} from '@espalier/api';

export const MAX_MANIFEST_BYTES = 4 * 2 ** 20;

/** What a look at a manifest and the files it lists has found. */
export type ManifestCheck =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly manifest: Manifest }
  | { readonly kind: 'damaged'; readonly message: string };

/**
 * Reads a manifest that must be of `owner`; the schema refuses paths that leave the attempt's folder.
 *
 * @throws {Error} saying what is wrong; its text may quote what a trainer wrote.
 */
export function readManifest(
  text: string,
  owner: { readonly trialUid: string; readonly attempt: number },
): Manifest {
  const manifest = manifestSchema.parse(JSON.parse(text));
  if (manifest.trialUid !== owner.trialUid || manifest.attempt !== owner.attempt) {
    throw new Error('it is of another trial or attempt');
  }
  return manifest;
}

/** The step of a checkpoint's manifest, from its file name; undefined if it is another file. */
export function checkpointStep(name: string): number | undefined {
  const step = /^manifest-(0|[1-9]\d{0,14})\.json$/.exec(name)?.[1];
  return step === undefined ? undefined : Number(step);
}

/** Those of the files that are segments of the metrics log, in the order of their points. */
export function pointSegments<T extends { readonly path: string }>({
  files,
}: {
  readonly files: readonly T[];
}): T[] {
  return files
    .flatMap((file) => {
      const seq = /^points-(\d+)\.jsonl$/.exec(file.path)?.[1];
      return seq === undefined ? [] : [{ seq: Number(seq), file }];
    })
    .sort((a, b) => a.seq - b.seq)
    .map(({ file }) => file);
}

/** One checkpoint that a trial might resume from. */
export interface CheckpointCandidate {
  readonly attempt: number;
  readonly step: number;
}

/** The checkpoint with the most steps first; among equal steps that of the later attempt. */
export function newestFirst<T extends CheckpointCandidate>(candidates: readonly T[]): T[] {
  return candidates.toSorted((a, b) => b.step - a.step || b.attempt - a.attempt);
}

/**
 * What a whole attempt left, as the Trial's status names it.
 *
 * @param uriOf Makes the URI of a file from its path; of the folder itself from an empty one.
 * @param hasLog Whether log.txt is there though the manifest does not list it.
 */
export function artifactsOf(
  manifest: Manifest,
  uriOf: (path: string) => string,
  hasLog: boolean,
): TrialArtifacts {
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  const step = manifest.best?.step;
  const model =
    step === undefined ? undefined : listed.get(`${checkpointFolder(step)}/${ARTIFACT.model}`);
  return {
    attempt: manifest.attempt,
    folder: uriOf(''),
    ...(model === undefined || step === undefined
      ? {}
      : { checkpoint: { uri: uriOf(model.path), sha256: model.sha256, step } }),
    ...(listed.has(ARTIFACT.metricsCsv) ? { metricsCsv: uriOf(ARTIFACT.metricsCsv) } : {}),
    ...(listed.has(ARTIFACT.submissionCsv) ? { submissionCsv: uriOf(ARTIFACT.submissionCsv) } : {}),
    ...(hasLog || listed.has(ARTIFACT.log) ? { log: uriOf(ARTIFACT.log) } : {}),
  };
}
