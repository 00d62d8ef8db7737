import { EXIT_CODE } from '@espalier/api';
import { messageOf, TrainerError } from '../trainer-error.ts';
import { StopRequested } from '../training/stop.ts';

/** A mistake in the command line, which is not the contract's business. */
export const EXIT_USAGE = 2;
const EXIT_PROGRAM_ERROR = 1;

/** The exit code that stands for the end of a run by `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof StopRequested) return EXIT_CODE.terminated;
  return error instanceof TrainerError ? error.exitCode : EXIT_PROGRAM_ERROR;
}

/** Tells the user why the program ends; a stack only for what we did not foresee. */
export function explain(error: unknown): string {
  if (error instanceof StopRequested) return 'stopped';
  const isForeseen = error instanceof TrainerError || (error instanceof Error && error.cause);
  const text = isForeseen || !(error instanceof Error) ? messageOf(error) : (error.stack ?? '');
  return `espalier-train: ${text}`;
}
