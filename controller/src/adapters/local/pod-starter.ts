import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call, PodRequest } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import { checkpointPlace } from './donor-checkpoint.ts';
import { storageError } from './durable-file.ts';
import type { Layout } from './layout.ts';
import { localMeaning, type MachineOptions } from './machine.ts';
import { type PodIdentity, podIdentity } from './pod-record.ts';
import type { ProcessPods } from './process-pods.ts';
import { linkCheckpoint } from './resume-point.ts';
import { RUN_FILE } from './run-record.ts';
import { threadsPerTrial, trainerEnv } from './trainer-env.ts';

export interface PodStarterOptions extends MachineOptions {
  readonly layout: Layout;
  readonly pods: ProcessPods;
  readonly runId: string;
  readonly cpus?: number;
  /** The report of an attempt will be at `path`. */
  readonly onReport: (trialUid: string, attempt: number, path: string) => void;
  /** Why a pod cannot start as asked for. */
  readonly onRefused: (request: PodRequest, problems: readonly string[]) => void;
}

/** Makes the folders and the environment of an attempt and starts its process. */
export class PodStarter {
  readonly #options: PodStarterOptions;

  constructor(options: PodStarterOptions) {
    this.#options = options;
  }

  async start(request: PodRequest, call: Call): Promise<void> {
    const { layout, pods } = this.#options;
    const { experiment, trial, attempt } = request;
    const { uid } = trial.metadata;
    const identity = podIdentity(layout, experiment, trial, attempt);
    const meaning = localMeaning(layout, experiment.spec, this.#options);
    if (meaning.kind === 'refused') {
      // Apply refuses this too, so something was removed meanwhile.
      this.#options.onRefused(request, meaning.problems);
      pods.addUnstartable(identity, 'CreateContainerConfigError');
      return;
    }
    const env = trainerEnv(process.env, request.task, {
      runFolder: identity.runFolder,
      out: identity.outFolder,
      data: meaning.data ?? join(identity.runFolder, RUN_FILE.noData),
      runId: this.#options.runId,
      threads: threadsPerTrial(experiment.spec, this.#options.cpus),
    });
    this.#options.onReport(uid, attempt, join(identity.runFolder, RUN_FILE.report));
    try {
      await pods.start(identity, meaning.command, env, () =>
        this.#prepare(request, identity, call),
      );
    } catch (error) {
      throw error instanceof EspalierError
        ? error
        : storageError(`cannot start ${identity.name}`, error);
    }
  }

  async #prepare(request: PodRequest, identity: PodIdentity, call: Call): Promise<void> {
    const { layout } = this.#options;
    const { outFolder, runFolder } = identity;
    // Only a power loss leaves files of an attempt that nothing else remembers.
    if (existsSync(outFolder)) await rm(outFolder, { recursive: true, force: true });
    await mkdir(outFolder, { recursive: true });
    if (request.resumeFrom === undefined) return;
    const target = join(runFolder, RUN_FILE.resume);
    const { experiment, trial, resumeFrom } = request;
    const from = checkpointPlace(layout, experiment, trial, resumeFrom);
    await linkCheckpoint(from, target, resumeFrom, call);
  }
}
