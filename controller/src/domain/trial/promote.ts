import type { TrialStatus } from '@espalier/api';
import { omitUndefined } from '../same.ts';
import { currentAttempt, withNext } from './ledger.ts';
import { waitingRung } from './rungs.ts';

/**
 * The status of a paused Trial that goes on: its rung says so, and the number of its next attempt stands
 * in the ledger before there is a pod (G1). Undefined if it does not wait.
 *
 * @param arrivals How many had arrived at its rung.
 */
export function promotedStatus(
  { reason: _, message: __, ...status }: TrialStatus,
  arrivals: number,
): TrialStatus | undefined {
  const waits = status.phase === 'Paused' ? waitingRung(status) : undefined;
  if (waits === undefined) return undefined;
  return omitUndefined({
    ...status,
    phase: 'Pending',
    attempts: withNext(status.attempts, currentAttempt(status)),
    rungs: status.rungs.map((rung) => (rung === waits ? { ...rung, promoted: arrivals } : rung)),
  } as const);
}
