import { ConflictError, TerminalError, WaitError } from '../../ports/errors.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isQuotaExceeded,
} from './api-error.ts';

const QUOTA_MS = 10_000;
const NAMESPACE_MS = 5_000;

/**
 * What a failed write means to a reconciler: observe again, wait, or give up. What is left as it is
 * (overload, no answer, a missing permission) is tried again with backoff.
 */
export function portError(doing: string, error: unknown): unknown {
  const message = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  const options = { cause: error };
  if (isAlreadyExists(error) || isConflict(error)) return new ConflictError(message, options);
  if (isQuotaExceeded(error))
    return new WaitError(message, QUOTA_MS, { ...options, reason: 'QuotaExceeded' });
  if (isNamespaceTerminating(error))
    return new WaitError(message, NAMESPACE_MS, { ...options, reason: 'NamespaceTerminating' });
  if (isInvalid(error) || isAdmissionDenied(error)) return new TerminalError(message, options);
  return error;
}

/**
 * A policy or a webhook said no. A missing permission of ours reads "cannot create resource": that
 * is the installation's fault, and must not fail anybody's trial.
 */
function isAdmissionDenied(error: unknown): boolean {
  return isForbidden(error) && !/ cannot \w+ resource /.test((error as Error).message);
}
