import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Experiment, ExperimentSpec } from '@espalier/api';
import type { LocalOptions } from './engine.ts';
import type { Layout } from './layout.ts';
import { resolveCommand, type TrainerCommand } from './trainer-command.ts';

/** What a spec means on this machine, or why it cannot run here. */
export type LocalMeaning =
  | { readonly kind: 'runnable'; readonly command: TrainerCommand; readonly data?: string }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

export type MachineOptions = Pick<LocalOptions, 'trainerCommand' | 'allowCpu' | 'data'>;

/** Looks at the machine: the program, the data folder, a GPU if one is asked for. */
export function localMeaning(
  layout: Layout,
  spec: ExperimentSpec,
  options: MachineOptions,
): LocalMeaning {
  const problems: string[] = [];
  const command = resolveCommand(spec, options.trainerCommand);
  if (typeof command === 'string') problems.push(command);
  const data = dataFolder(layout, spec, options.data);
  if (data?.problem !== undefined) problems.push(data.problem);
  if (spec.trainer.resources.gpu > 0 && !options.allowCpu && !hasGpu()) {
    problems.push(
      `spec.trainer.resources.gpu is ${spec.trainer.resources.gpu}, but this machine has no ` +
        'NVIDIA GPU; --allow-cpu runs it on the CPU',
    );
  }
  if (problems.length > 0 || typeof command === 'string') return { kind: 'refused', problems };
  return {
    kind: 'runnable',
    command,
    ...(data?.path === undefined ? {} : { data: data.path }),
  };
}

/** Fields that only a cluster understands, each with a sentence for people. */
export function ignoredFields({ spec }: Experiment): readonly string[] {
  const { image, profile } = spec.trainer;
  return [
    ...(image === undefined ? [] : [`trainer.image ${image} is ignored: local trials run here`]),
    ...(profile === undefined ? [] : [`trainer.profile ${profile} is ignored on one machine`]),
    ...(spec.queueName === undefined ? [] : ['queueName is ignored: there is no queue here']),
  ];
}

function dataFolder(
  layout: Layout,
  spec: ExperimentSpec,
  given: string | undefined,
): { readonly path?: string; readonly problem?: string } | undefined {
  if (given !== undefined) {
    const path = resolve(given);
    return isFolder(path) ? { path } : { problem: `the data folder ${path} (--data) is missing` };
  }
  if (spec.data?.persistentVolumeClaim !== undefined) {
    return {
      problem: 'spec.data.persistentVolumeClaim means nothing here; name the folder with --data',
    };
  }
  const key = spec.data?.s3?.key;
  if (key === undefined) return undefined;
  const path = join(layout.datasets, key);
  if (!path.startsWith(`${layout.datasets}/`)) {
    return { problem: `spec.data.s3.key ${key} leaves the folder of data sets` };
  }
  if (isFolder(path)) return { path };
  return {
    problem:
      `spec.data.s3.key: there is no folder ${path}; make it (for the digits: ` +
      `espalier-train data digits ${path}) or name another with --data`,
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function hasGpu(): boolean {
  return existsSync('/dev/nvidia0') || existsSync('/proc/driver/nvidia/version');
}
