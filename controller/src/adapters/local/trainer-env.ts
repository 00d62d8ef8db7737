import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ExperimentSpec, TRAINER_ENV, type TrainerTask } from '@espalier/api';
import { RUN_ID_ENV } from './processes.ts';
import { RUN_FILE } from './run-record.ts';

const ALLOWED =
  /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|XDG_CACHE_HOME|LD_LIBRARY_PATH|CUDA_\w+|NVIDIA_\w+|TF_\w+|NODE_EXTRA_CA_CERTS|PYTHONPATH|VIRTUAL_ENV|ESPALIER_CACHE\w*)$/;

/**
 * What a trainer inherits of the environment of whoever starts it: what programs need to start and to
 * find the GPU. Everything else (credentials above all) stays there.
 */
export function inheritedEnv(
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && ALLOWED.test(name)) env[name] = value;
  }
  return env;
}

export interface TrainerPlaces {
  readonly runFolder: string;
  readonly out: string;
  readonly data: string;
  readonly runId: string;
  readonly threads: number;
}

export function trainerEnv(
  inherited: NodeJS.ProcessEnv,
  task: TrainerTask,
  places: TrainerPlaces,
): Record<string, string> {
  const threads = String(places.threads);
  return {
    ...inheritedEnv(inherited),
    // Each library has a variable of its own, and each takes all cores if nobody tells it.
    TF_NUM_INTRAOP_THREADS: threads,
    OMP_NUM_THREADS: threads,
    [TRAINER_ENV.trial]: JSON.stringify(task),
    [TRAINER_ENV.data]: places.data,
    [TRAINER_ENV.out]: places.out,
    [TRAINER_ENV.report]: `file:${join(places.runFolder, RUN_FILE.report)}`,
    [TRAINER_ENV.resume]: join(places.runFolder, RUN_FILE.resume),
    [TRAINER_ENV.terminationLog]: join(places.runFolder, RUN_FILE.termination),
    [TRAINER_ENV.cpuThreads]: threads,
    [RUN_ID_ENV]: places.runId,
  };
}

/** Threads of each trainer when all slots are taken: the machine's, shared out, at least one. */
export function threadsPerTrial(spec: ExperimentSpec, cpus: number | undefined): number {
  const all = cpus ?? availableParallelism();
  const ever = spec.trials.max * (spec.replicates?.values.length ?? 1);
  return Math.max(1, Math.floor(all / Math.min(spec.trials.parallel, ever)));
}
