import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ExperimentSpec } from '@espalier/api';

/** The program and its arguments, byte for byte as they will arrive. */
export interface TrainerCommand {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * What runs for a spec: `trainer.command`, else the default trainer, then `trainer.args`.
 *
 * @returns a message if the program cannot be found or run.
 */
export function resolveCommand(
  spec: ExperimentSpec,
  defaultCommand: readonly string[],
): TrainerCommand | string {
  const [program, ...args] = [
    ...(spec.trainer.command ?? defaultCommand),
    ...(spec.trainer.args ?? []),
  ];
  if (program === undefined || program === '') return 'trainer.command is empty';
  const file = findProgram(program);
  if (file === undefined) {
    return program.includes('/')
      ? `trainer.command: ${resolve(program)} is no program that can be run`
      : `trainer.command: there is no program ${program} in PATH`;
  }
  return { file, args };
}

/** Relative paths start at the runner's working folder, as a shell would have it. */
function findProgram(program: string): string | undefined {
  if (program.includes('/')) return isProgram(resolve(program)) ? resolve(program) : undefined;
  const { PATH = '/usr/local/bin:/usr/bin:/bin' } = process.env;
  return PATH.split(':')
    .map((folder) => resolve(folder, program))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
