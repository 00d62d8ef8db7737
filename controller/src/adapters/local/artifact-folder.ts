import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ARTIFACT, type BestTrial, type Experiment, type Trial } from '@espalier/api';
import { FoundFiles } from '../../domain/artifacts/found-files.ts';
import { artifactsOf } from '../../domain/artifacts/manifest.ts';
import type { ArtifactStore, AttemptFiles, DonorPoint } from '../../ports/artifact-store.ts';
import type { Call, ResumePoint } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import { donorPoint, dropParent, keepDonor, parentPoint } from './donor-checkpoint.ts';
import { type DurableFiles, errorCode } from './durable-file.ts';
import { type Layout, trialPlace } from './layout.ts';
import { lastManifest, newestWholeCheckpoint } from './resume-point.ts';

/** The artifact folder: the keys of S3 as paths below `<dir>/artifacts`. */
export class ArtifactFolder implements ArtifactStore {
  readonly #layout: Layout;
  readonly #files: DurableFiles;
  readonly #found = new FoundFiles();

  constructor(layout: Layout, files: DurableFiles) {
    this.#layout = layout;
    this.#files = files;
  }

  filesOf(trial: Trial, attempt: number): AttemptFiles {
    return this.#found.of(trial.metadata.uid, attempt);
  }

  async inspect(experiment: Experiment, trial: Trial, attempt: number, call: Call): Promise<void> {
    const folder = this.#layout.attemptArtifacts(experiment.metadata, trialPlace(trial), attempt);
    const owner = { trialUid: trial.metadata.uid, attempt };
    const checked = await lastManifest(folder, owner, call);
    const { uid } = trial.metadata;
    if (checked.kind !== 'whole') {
      this.#found.set(uid, attempt, checked);
      return;
    }
    const hasLog = (await kindOf(join(folder, ARTIFACT.log))) === 'file';
    const uriOf = (path: string) => pathToFileURL(join(folder, path)).href;
    this.#found.set(uid, attempt, {
      ...checked,
      artifacts: artifactsOf(checked.manifest, uriOf, hasLog),
    });
  }

  forget(trialUid: string): void {
    this.#found.forget(trialUid);
  }

  async resumePoint(
    experiment: Experiment,
    trial: Trial,
    attempt: number,
    call: Call,
  ): Promise<ResumePoint | undefined> {
    return (
      (await newestWholeCheckpoint(this.#layout, experiment, trial, attempt, call)) ??
      (await parentPoint(this.#layout, experiment, trial, call))
    );
  }

  donorPoint(experiment: Experiment, donor: Trial, call: Call): Promise<DonorPoint | undefined> {
    return donorPoint(this.#layout, experiment, donor, call);
  }

  keepDonor(
    experiment: Experiment,
    donor: Trial,
    childIndex: number,
    call: Call,
  ): Promise<DonorPoint | undefined> {
    return keepDonor(this.#layout, experiment, donor, childIndex, call);
  }

  /** The process wrote into the folder itself. */
  async keepLog(): Promise<void> {}

  async publishBest(experiment: Experiment, best: BestTrial): Promise<void> {
    await this.#publish(experiment, ARTIFACT.best, `${JSON.stringify(best, null, 2)}\n`);
  }

  async publishTrials(experiment: Experiment, csv: string): Promise<void> {
    await this.#publish(experiment, ARTIFACT.trialsCsv, csv);
  }

  /** The objects lie beside it. */
  async publishRecord(): Promise<void> {}

  async dropCheckpoints(experiment: Experiment, trial: Trial, call: Call): Promise<void> {
    await dropParent(this.#layout, experiment, trial);
    const first = this.#layout.attemptArtifacts(experiment.metadata, trialPlace(trial), 0);
    for (const attempt of await foldersIn(dirname(first), /^a\d+$/)) {
      for (const checkpoint of await foldersIn(attempt, /^checkpoint-\d+$/)) {
        call.signal.throwIfAborted();
        await rm(checkpoint, { recursive: true, force: true });
      }
    }
  }

  async deleteAll(experiment: Experiment): Promise<void> {
    const folder = this.#layout.experimentArtifacts(experiment.metadata);
    for (const path of [this.#layout.artifacts, dirname(folder), folder]) {
      const kind = await kindOf(path);
      if (kind === 'absent') return;
      if (kind !== 'folder') {
        throw new EspalierError('Storage', `${path} is no folder of ours; nothing was deleted`);
      }
    }
    await rm(folder, { recursive: true, force: true });
  }

  /** Nothing that depends on it is lost with it: the records of the objects say the same. */
  async #publish(experiment: Experiment, name: string, content: string): Promise<void> {
    const folder = this.#layout.experimentArtifacts(experiment.metadata);
    const path = join(folder, name);
    if ((await readIfThere(path)) === content) return;
    await mkdir(folder, { recursive: true });
    await this.#files.writeView(path, content);
  }
}

async function foldersIn(folder: string, pattern: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && pattern.test(entry.name))
      .map((entry) => join(folder, entry.name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function kindOf(path: string): Promise<'absent' | 'folder' | 'file' | 'other'> {
  try {
    const stat = await lstat(path);
    return stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Absent or unreadable: it is written anew, and the write tells what is wrong.
    return undefined;
  }
}
