import { ARTIFACT, checkpointManifest, type Manifest } from '@espalier/api';
import { checkpointStep } from './manifest.ts';

/** A file of some attempt of the same Trial. */
export interface TrialFile {
  readonly attempt: number;
  readonly path: string;
}

/**
 * Whether nobody needs a file any more once this manifest is whole: state of older checkpoints, in this
 * attempt and in earlier ones. A manifest lists all that its best and its resume need, so what it lists
 * stays, and so does what is newer, every table, log, and segment of the metrics log.
 *
 * @param name The manifest's file name: the one that ends an attempt makes even newer state superfluous,
 *   but not the commit record of the checkpoint that it says to resume from: a next attempt reads that.
 */
export function isSuperseded(
  { attempt, path }: TrialFile,
  manifest: Pick<Manifest, 'attempt' | 'step' | 'resume'>,
  name: string,
  listed: ReadonlySet<string>,
): boolean {
  const step = checkpointStep(path) ?? stateStep(path);
  if (step === undefined || attempt > manifest.attempt) return false;
  if (attempt < manifest.attempt) return true;
  if (listed.has(path) || path === name) return false;
  if (manifest.resume !== null && path === checkpointManifest(manifest.resume.step)) return false;
  return name === ARTIFACT.manifest || step < manifest.step;
}

/** The step of a checkpoint's model or state. */
function stateStep(path: string): number | undefined {
  const step = /^checkpoint-(0|[1-9]\d{0,14})\//.exec(path)?.[1];
  return step === undefined ? undefined : Number(step);
}
