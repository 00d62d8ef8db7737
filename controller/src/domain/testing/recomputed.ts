import type { Experiment, Trial } from '@espalier/api';
import { type VerifyOptions, verifying } from '../experiment/verify.ts';
import type { Verification } from '../experiment/verify-result.ts';

/** What recomputing a record finds, by default of a record that one controller wrote. */
export function recomputed(
  experiment: Experiment,
  trials: readonly Trial[],
  options: VerifyOptions = { oneController: true },
): Verification {
  const work = verifying(experiment, trials, options);
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}
