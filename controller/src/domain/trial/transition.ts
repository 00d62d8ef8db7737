import { isTerminalTrial, type TrialStatus } from '@espalier/api';
import { isSame } from '../same.ts';

/**
 * The status that may be written: `after`, unless `before` is terminal and `after` is another phase
 * (G4). Every status of a Trial goes through here.
 *
 * @returns undefined if there is nothing to write.
 */
export function transition(
  before: TrialStatus | undefined,
  after: TrialStatus,
): TrialStatus | undefined {
  if (isTerminalTrial(before?.phase) && before?.phase !== after.phase) return undefined;
  return isSame(before, after) ? undefined : after;
}
