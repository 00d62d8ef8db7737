import type { Experiment } from '@espalier/api';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';

/** How a command ends that followed the Experiment; undefined while that has not ended. */
export function exitOf(experiment: Experiment | undefined): ExitCode | undefined {
  switch (experiment?.status?.phase) {
    case 'Succeeded':
      return EXIT.ok;
    case 'Failed':
      return EXIT.experimentFailed;
    case 'Cancelled':
      return EXIT.experimentCancelled;
    default:
      return undefined;
  }
}

export function vanished(name: string): Failure {
  return new Failure(`${name} vanished while it ran`, {
    exitCode: EXIT.notFound,
    hints: ['it was probably deleted from another terminal'],
  });
}
