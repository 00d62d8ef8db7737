import { EspalierError } from '../../ports/errors.ts';

/** What the API server (or the way to it) answered instead of an object. */
export interface ApiFailure {
  /** HTTP status; 0 = no answer came. */
  readonly status: number;
  /** `reason` of the Status object: AlreadyExists, Conflict, Expired, ... */
  readonly reason: string;
  readonly message: string;
  /** `type` of each cause in `details.causes`. */
  readonly causes?: readonly string[];
  /** How long the server asks us to wait. */
  readonly retryAfterMs?: number;
  /** A write that may have been applied although no answer says so. */
  readonly outcomeUnknown?: boolean;
}

/** A request to the API server that did not succeed; ask the predicates below, not the number. */
export class ApiError extends EspalierError {
  readonly failure: ApiFailure;
  constructor(request: string, failure: ApiFailure, options?: ErrorOptions) {
    super('Storage', `${request}: ${failure.message}`, options);
    this.failure = failure;
  }
}

/**
 * What came is none of an API server's answers, as from a proxy on the way or a page to log in at: as
 * good as none.
 */
export function foreignAnswer(request: string, isWrite: boolean, answer: string): ApiError {
  const start = JSON.stringify(answer.slice(0, 60));
  return new ApiError(request, {
    status: 0,
    reason: 'ForeignAnswer',
    message: `what answers there is no Kubernetes API server: ${start}`,
    outcomeUnknown: isWrite,
  });
}

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** What was asked makes no sense now, such as the log of a container that has not started. */
export function isBadRequest(error: unknown): boolean {
  return statusOf(error) === 400;
}

/** An object of that name exists already. */
export function isAlreadyExists(error: unknown): boolean {
  return statusOf(error) === 409 && reasonOf(error) === 'AlreadyExists';
}

/** The resourceVersion or the uid that the write was meant for is not the current one. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409 && reasonOf(error) !== 'AlreadyExists';
}

/** A resourceVersion or a continue token is too old: list again. */
export function isGone(error: unknown): boolean {
  return statusOf(error) === 410;
}

/** The object is not valid, or a JSON patch's `test` failed. */
export function isInvalid(error: unknown): boolean {
  return statusOf(error) === 422;
}

export function isForbidden(error: unknown): boolean {
  return statusOf(error) === 403;
}

export function isUnauthorized(error: unknown): boolean {
  return statusOf(error) === 401;
}

/** Nothing came back: no connection, or none that lasted long enough. */
export function isNoAnswer(error: unknown): boolean {
  return statusOf(error) === 0;
}

/** The server's certificate is not one that the credential's authority vouches for. */
export function isUntrusted(error: unknown): boolean {
  return isNoAnswer(error) && /CERT|SIGNATURE|UNABLE_TO_GET_ISSUER/.test(reasonOf(error) ?? '');
}

/** A ResourceQuota is used up: waiting helps. */
export function isQuotaExceeded(error: unknown): boolean {
  return isForbidden(error) && /exceeded quota/.test((error as ApiError).message);
}

export function isNamespaceTerminating(error: unknown): boolean {
  return isForbidden(error) && failureOf(error)?.causes?.includes('NamespaceTerminating') === true;
}

/** No answer, overload or an error of the server: the same request may succeed later. */
export function isRetryable(error: unknown): boolean {
  const status = statusOf(error);
  return (
    status !== undefined && (status === 0 || status === 408 || status === 429 || status >= 500)
  );
}

/** The write may have been applied: whoever relies on it has to look. */
export function isOutcomeUnknown(error: unknown): boolean {
  return failureOf(error)?.outcomeUnknown === true;
}

export function retryAfterMsOf(error: unknown): number | undefined {
  return failureOf(error)?.retryAfterMs;
}

/** Reads a Status object (or whatever a proxy sent in its place). */
export function failureFromResponse(
  status: number,
  body: string,
  retryAfterMs: number | undefined,
): ApiFailure {
  const parsed = parseStatus(body);
  return {
    status,
    reason: parsed?.reason ?? '',
    message: `${status} ${parsed?.message ?? body.slice(0, 300)}`.trim(),
    causes: (parsed?.details?.causes ?? []).map((cause) =>
      String(cause.reason ?? cause.type ?? ''),
    ),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // The server gave up waiting, or failed on the way: etcd may have it all the same.
    outcomeUnknown: status === 500 || status === 502 || status === 504,
  };
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { reason?: unknown; type?: unknown }[] };
}

function parseStatus(body: string): StatusBody | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as StatusBody) : undefined;
  } catch {
    return undefined;
  }
}

function failureOf(error: unknown): ApiFailure | undefined {
  return error instanceof ApiError ? error.failure : undefined;
}

function statusOf(error: unknown): number | undefined {
  return failureOf(error)?.status;
}

function reasonOf(error: unknown): string | undefined {
  return failureOf(error)?.reason;
}
