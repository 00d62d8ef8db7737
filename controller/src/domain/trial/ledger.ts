import { type Attempt, LIMITS, type TrialStatus } from '@espalier/api';

/** Where a Trial stands before anybody wrote its status. */
export const NEW_STATUS: TrialStatus = { phase: 'Pending', attempts: [], rungs: [] };

/**
 * The attempt that is under way or comes next: the last entry of the ledger, which has no outcome
 * yet, or 0. An outcome and the number of the attempt after it are written together, so a Trial that
 * is neither terminal nor paused never ends its ledger with an outcome.
 */
export function currentAttempt({ attempts }: TrialStatus): number {
  const last = attempts.at(-1);
  if (last === undefined) return 0;
  return last.outcome === undefined ? last.number : last.number + 1;
}

export function entryOf({ attempts }: TrialStatus, number: number): Attempt | undefined {
  return attempts.find((entry) => entry.number === number);
}

/** How many attempts ended that way. */
export function countOutcomes({ attempts }: TrialStatus, outcome: Attempt['outcome']): number {
  return attempts.filter((entry) => entry.outcome === outcome).length;
}

/**
 * The ledger with this entry in place of the one with its number, and the number of the next attempt
 * after it if there is to be one.
 */
export function withEntry(status: TrialStatus, entry: Attempt, next?: number): Attempt[] {
  const attempts = [...status.attempts.filter(({ number }) => number !== entry.number), entry];
  return next === undefined ? bounded(attempts) : withNext(attempts, next);
}

/** The ledger with the number of the next attempt. */
export function withNext(attempts: readonly Attempt[], next: number): Attempt[] {
  return bounded([...attempts, { number: next }]);
}

/** Interruptions and pauses count in no budget, so the oldest of them go where there are too many. */
function bounded(attempts: Attempt[]): Attempt[] {
  while (attempts.length > LIMITS.attempts) {
    const oldest = attempts.findIndex(({ outcome }) => {
      return outcome === 'Interrupted' || outcome === 'Paused';
    });
    attempts.splice(Math.max(oldest, 0), 1);
  }
  return attempts;
}
