import { copyFile, link, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  ARTIFACT,
  checkpointManifest,
  type Experiment,
  type Manifest,
  type Trial,
} from '@espalier/api';
import {
  checkpointStep,
  type ManifestCheck,
  newestFirst,
} from '../../domain/artifacts/manifest.ts';
import type { Call, ResumePoint } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import { errorCode, storageError } from './durable-file.ts';
import { type Layout, trialPlace } from './layout.ts';
import { checkManifest } from './manifest-check.ts';

/**
 * The checkpoint with the most steps, among the attempts before `attempt`, whose manifest and files
 * all verify; a damaged one is passed over for the one before it.
 */
export async function newestWholeCheckpoint(
  layout: Layout,
  experiment: Experiment,
  trial: Trial,
  attempt: number,
  call: Call,
): Promise<ResumePoint | undefined> {
  const found: { attempt: number; step: number; folder: string }[] = [];
  for (let earlier = attempt - 1; earlier >= 0; earlier--) {
    const folder = layout.attemptArtifacts(experiment.metadata, trialPlace(trial), earlier);
    for (const step of await stepsIn(folder)) found.push({ attempt: earlier, step, folder });
  }
  for (const candidate of newestFirst(found)) {
    const owner = { trialUid: trial.metadata.uid, attempt: candidate.attempt };
    const name = checkpointManifest(candidate.step);
    const checked = await checkManifest(candidate.folder, name, owner, call);
    if (checked.kind !== 'whole' || checked.manifest.resume === null) continue;
    return {
      trialUid: trial.metadata.uid,
      trialIndex: trial.spec.index,
      attempt: candidate.attempt,
      step: candidate.step,
    };
  }
  return undefined;
}

/**
 * The manifest that ends an attempt; of one that was ended before it could write that, the manifest of
 * its last whole checkpoint.
 */
export async function lastManifest(
  folder: string,
  owner: { readonly trialUid: string; readonly attempt: number },
  call: Call,
): Promise<ManifestCheck> {
  const end = await checkManifest(folder, ARTIFACT.manifest, owner, call);
  if (end.kind !== 'none') return end;
  for (const step of (await stepsIn(folder)).sort((a, b) => b - a)) {
    const checked = await checkManifest(folder, checkpointManifest(step), owner, call);
    if (checked.kind === 'whole') return checked;
  }
  return end;
}

/**
 * Puts a checkpoint into another folder: its files, then its manifest. Hard links where the disk allows: a
 * checkpoint is not copied.
 *
 * @throws {EspalierError} `Storage` if it is not whole, or cannot be linked or copied.
 */
export async function linkCheckpoint(
  folder: string,
  target: string,
  point: ResumePoint,
  call: Call,
): Promise<void> {
  const name = checkpointManifest(point.step);
  const owner = { trialUid: point.trialUid, attempt: point.attempt };
  const checked = await checkManifest(folder, name, owner, call);
  if (checked.kind !== 'whole') {
    // It was whole when it was chosen; choosing again finds another, or none.
    throw new EspalierError('Storage', `the checkpoint ${join(folder, name)} is ${checked.kind}`);
  }
  await linkFiles(folder, target, checked.manifest);
  await linkFile(join(folder, name), join(target, name));
}

async function linkFiles(folder: string, target: string, manifest: Manifest): Promise<void> {
  for (const { path } of manifest.files) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await linkFile(join(folder, path), join(target, path));
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // Already there: an earlier try of the same start.
    if (errorCode(error) === 'EEXIST') return;
    // Another file system, or one without links.
    await copyFile(from, to).catch((cause: unknown) => {
      throw storageError(`cannot copy ${from} to ${to}`, cause);
    });
  }
}

async function stepsIn(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).flatMap((name) => {
      const step = checkpointStep(name);
      return step === undefined ? [] : [step];
    });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
