import { ConflictError, EspalierError } from '../../ports/errors.ts';

/** What the SDK throws, as far as we look at it; every failure has a name, an answer has a status. */
interface StoreFailure extends Error {
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number | undefined };
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? (error as StoreFailure).$metadata?.httpStatusCode : undefined;
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** The store knows the bucket and has no such key. A bucket that is missing is an error. */
export function isMissingKey(error: unknown): boolean {
  // HEAD has no body, so its 404 has no better name than NotFound.
  return statusOf(error) === 404 && ['NoSuchKey', 'NotFound'].includes(nameOf(error));
}

const RETRYABLE_NAMES = new Set([
  'SlowDown',
  'RequestTimeout',
  'RequestTimeTooSkewed', // the SDK corrects its clock from the answer
  'InternalError',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'ConditionalRequestConflict',
  // The bytes changed on their way; we computed the digest from what we hold.
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'IncompleteBody',
]);

/** Errors that say who we are or what we asked: the same request would fail again. */
const FINAL_NAMES = new Set(['CredentialsProviderError', 'NotImplemented', 'NoSuchBucket']);

/** The SDK's own complaint has no name of its own. */
const NO_REGION = /region is missing/i;

/** Whether the same request may succeed later: an overloaded store, a broken connection or body. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof EspalierError) return false;
  const name = nameOf(error);
  if (RETRYABLE_NAMES.has(name)) return true;
  if (FINAL_NAMES.has(name) || NO_REGION.test(messageOf(error))) return false;
  const status = statusOf(error);
  // Without an answer, or with one whose body broke off: the network's fault.
  if (status === undefined || status < 300) return true;
  return status >= 500 || status === 408 || status === 429;
}

/** What came of one try: `refused` needs a person; `failed` = no answer, or one of a store in trouble. */
export type StoreOutcome = 'done' | 'refused' | 'failed';

/** What an error says about the store: a condition that did not hold is an answer as it should be. */
export function outcomeOf(error: unknown): StoreOutcome {
  if (error instanceof EspalierError || [409, 412].includes(statusOf(error) ?? 0)) return 'done';
  return isRetryable(error) ? 'failed' : 'refused';
}

/**
 * The failure in our own terms. None is terminal: a bucket, a permission or a credential can be put
 * right while Experiments wait.
 *
 * @param what What was tried, with the key: `put a/b.json`.
 * @param permission What the credential must allow: `s3:PutObject on arn:aws:s3:::bucket/a/b.json`.
 */
export function storeError(error: unknown, what: string, permission: string): EspalierError {
  if (error instanceof EspalierError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const answer = `${name}${status === undefined ? '' : ` (${status})`}: ${messageOf(error)}`;
  if (name === 'ConditionalRequestConflict') {
    return new ConflictError(`cannot ${what}: another write was under way`, { cause: error });
  }
  const advice = adviceFor(error, permission);
  const text = `cannot ${what}: ${answer}${advice === undefined ? '' : `; ${advice}`}`;
  return new EspalierError('Storage', text, { cause: error });
}

const WRONG_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const UNKNOWN_CREDENTIAL = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
]);
const UNREACHABLE = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ETIMEDOUT']);

/** What a person can do about it, if that is known. */
function adviceFor(error: unknown, permission: string): string | undefined {
  const name = nameOf(error);
  if (name === 'CredentialsProviderError') {
    return 'there are no AWS credentials here: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  }
  if (name === 'NoSuchBucket') return 'create the bucket or correct its name';
  if (name === 'RequestTimeTooSkewed') return 'the clock of this machine is wrong: set it';
  if (UNKNOWN_CREDENTIAL.has(name)) return 'the store does not accept this AWS credential';
  if (WRONG_REGION.has(name) || statusOf(error) === 301) {
    return 'the bucket is in another region: name that one';
  }
  if (NO_REGION.test(messageOf(error))) return 'name the region of the bucket';
  if (statusOf(error) === 403) return `check the credential and that it allows ${permission}`;
  const code = error instanceof Error ? (error as StoreFailure).code : undefined;
  return UNREACHABLE.has(String(code)) ? 'check the endpoint and that it runs' : undefined;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
