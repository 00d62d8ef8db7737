import type { ExitCode } from '../exit-codes.ts';
import type { Surroundings } from '../surroundings.ts';

/** Runs a verb; `doing` completes "cannot ...", for errors that nobody foresaw. */
export type Perform = (
  doing: string,
  work: (surroundings: Surroundings) => Promise<ExitCode>,
) => Promise<void>;
