import { EXIT_CODE } from '@espalier/api';

/** An end that the orchestrator must not retry; its message is for the user. */
export abstract class TrainerError extends Error {
  abstract readonly exitCode: number;
}

/** The parameters can never work, whatever the data. */
export class InvalidParametersError extends TrainerError {
  readonly exitCode = EXIT_CODE.invalidParameters;
}

/** The loss or the gradient is no longer a number. */
export class DivergedError extends TrainerError {
  readonly exitCode = EXIT_CODE.diverged;
}

/** The data or the environment is wrong, whatever the parameters. */
export class ConfigurationError extends TrainerError {
  readonly exitCode = EXIT_CODE.configuration;
}

/** The code of a failed system call (`ENOENT`), undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
