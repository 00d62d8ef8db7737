import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointManifest, type Experiment, type Trial } from '@espalier/api';
import { currentAttempt, NEW_STATUS } from '../../domain/trial/ledger.ts';
import type { DonorPoint } from '../../ports/artifact-store.ts';
import type { Call, ResumePoint } from '../../ports/cluster.ts';
import { errorCode } from './durable-file.ts';
import { type Layout, trialPlace } from './layout.ts';
import { checkManifest } from './manifest-check.ts';
import { linkCheckpoint, newestWholeCheckpoint } from './resume-point.ts';

/** A donor may replace its newest checkpoint by a newer one while that is looked at. */
const TRIES = 3;

/**
 * A trainer itself deletes the checkpoints that it does not need any more, so the one from which another
 * Trial is to start is kept for it: hard links in a folder that belongs to the index of that Trial.
 */
function parentsFolder(layout: Layout, experiment: Experiment, childIndex: number): string {
  return join(layout.experimentArtifacts(experiment.metadata), 'parents', String(childIndex));
}

/** Where the checkpoint lies from which that Trial starts or goes on. */
export function checkpointPlace(
  layout: Layout,
  experiment: Experiment,
  trial: Trial,
  { trialUid, trialIndex, attempt }: ResumePoint,
): string {
  if (trialUid !== trial.metadata.uid) {
    return join(parentsFolder(layout, experiment, trial.spec.index), `a${attempt}`);
  }
  const place = { index: trialIndex, uid: trialUid };
  return layout.attemptArtifacts(experiment.metadata, place, attempt);
}

/** The newest whole checkpoint of a Trial that others may go on from. */
export async function donorPoint(
  layout: Layout,
  experiment: Experiment,
  donor: Trial,
  call: Call,
): Promise<(ResumePoint & DonorPoint) | undefined> {
  const attempts = currentAttempt(donor.status ?? NEW_STATUS) + 1;
  for (let tried = 0; tried < TRIES; tried++) {
    const point = await newestWholeCheckpoint(layout, experiment, donor, attempts, call);
    if (point === undefined) continue;
    const folder = layout.attemptArtifacts(experiment.metadata, trialPlace(donor), point.attempt);
    const epoch = await epochOf(folder, point, call);
    if (epoch !== undefined) return { ...point, epoch };
  }
  return undefined;
}

/** Links that checkpoint for the Trial of that index. */
export async function keepDonor(
  layout: Layout,
  experiment: Experiment,
  donor: Trial,
  childIndex: number,
  call: Call,
): Promise<DonorPoint | undefined> {
  const folder = parentsFolder(layout, experiment, childIndex);
  for (let tried = 0; tried < TRIES; tried++) {
    const point = await donorPoint(layout, experiment, donor, call);
    if (point === undefined) return undefined;
    // What an earlier choice for this index has left, before it was recorded.
    await rm(folder, { recursive: true, force: true });
    const target = join(folder, `a${point.attempt}`);
    const from = layout.attemptArtifacts(experiment.metadata, trialPlace(donor), point.attempt);
    try {
      await linkCheckpoint(from, target, point, call);
    } catch (error) {
      // It may have been deleted meanwhile; then there is a newer one.
      if ((await epochOf(from, point, call)) !== undefined) throw error;
    }
    const epoch = await epochOf(target, point, call);
    if (epoch !== undefined) return { step: point.step, epoch };
  }
  return undefined;
}

/** The checkpoint that was kept for this Trial; undefined if it is gone. */
export async function parentPoint(
  layout: Layout,
  experiment: Experiment,
  { spec: { index, parent } }: Trial,
  call: Call,
): Promise<ResumePoint | undefined> {
  if (parent === undefined) return undefined;
  const folder = parentsFolder(layout, experiment, index);
  const trialIndex = Number(/-(\d+)$/.exec(parent.trial)?.[1] ?? Number.NaN);
  for (const name of await namesIn(folder)) {
    const attempt = Number(/^a(\d{1,9})$/.exec(name)?.[1] ?? Number.NaN);
    const point = { trialUid: parent.uid, trialIndex, attempt, step: parent.step };
    if ((await epochOf(join(folder, name), point, call)) !== undefined) return point;
  }
  return undefined;
}

/** That Trial will not start any more. */
export async function dropParent(
  layout: Layout,
  experiment: Experiment,
  { spec: { index, parent } }: Trial,
): Promise<void> {
  if (parent === undefined) return;
  await rm(parentsFolder(layout, experiment, index), { recursive: true, force: true });
}

/** Undefined = the checkpoint is not whole, or nobody can go on from it. */
async function epochOf(
  folder: string,
  { trialUid, attempt, step }: ResumePoint,
  call: Call,
): Promise<number | undefined> {
  const name = checkpointManifest(step);
  const checked = await checkManifest(folder, name, { trialUid, attempt }, call);
  if (checked.kind !== 'whole' || checked.manifest.resume === null) return undefined;
  return checked.manifest.epoch;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
