import type { AttemptAddress, Trial } from '@espalier/api';
import { currentAttempt, NEW_STATUS } from '../domain/trial/ledger.ts';

/** Every attempt that the Trial may have had. */
export function attemptsOf({ metadata, status }: Trial): AttemptAddress[] {
  const { namespace, uid: trialUid } = metadata;
  const last = currentAttempt(status ?? NEW_STATUS);
  return Array.from({ length: last + 1 }, (_, attempt) => ({ namespace, trialUid, attempt }));
}
