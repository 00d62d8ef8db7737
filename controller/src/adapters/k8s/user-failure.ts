import { API_VERSION } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import {
  isConflict,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isNoAnswer,
  isNotFound,
  isOutcomeUnknown,
  isQuotaExceeded,
  isRetryable,
  isUnauthorized,
  isUntrusted,
} from './api-error.ts';
import type { Resource } from './resources.ts';

/** What the API server calls it, and what people do. */
const VERBS = {
  get: 'read',
  list: 'read',
  watch: 'watch',
  patch: 'write',
  delete: 'delete',
} as const;
export type Verb = keyof typeof VERBS;

/** An answer that may be another one soon: the server is away, or has too much to do. */
export function isPassing(error: unknown): boolean {
  return error instanceof EspalierError && isRetryable(error.cause);
}

/** The credential may not do that. */
export function isDenied(error: unknown): boolean {
  return error instanceof EspalierError && isForbidden(error.cause);
}

/** What was tried, what came back, and what a person can do about it. */
export function failureOf(
  verb: Verb,
  resource: Resource,
  key: ObjectKey,
  server: string,
  cause: unknown,
): EspalierError {
  const { kind, plural } = resource;
  const message = messageOf(cause);
  const whose = isOfMany(verb) ? key.name : `${kind} ${key.name}`;
  const where = key.namespace === '*' ? 'all namespaces' : `namespace ${key.namespace}`;
  if (isNotFound(cause)) {
    const unknown = isUnknownKind(verb, message);
    return new EspalierError(
      unknown ? 'Unsupported' : 'NotFound',
      unknown
        ? `${server} does not know ${plural}: Espalier is not installed there (docs/install.md)`
        : isNoNamespace(message)
          ? `there is no ${where} on ${server}; kubectl create ${where} makes it`
          : `there is no ${kind} ${key.name} in ${where} on ${server}`,
      { cause },
    );
  }
  const code = isConflict(cause)
    ? 'Conflict'
    : isInvalid(cause) || isNoVersion(message)
      ? 'InvalidSpec'
      : 'Storage';
  const what = `cannot ${VERBS[verb]} ${whose} in ${where} on ${server}`;
  const advice = [adviceFor(verb, resource, key, cause, message), adviceOnTheWay(cause)];
  return new EspalierError(code, [`${what}: ${message}`, ...advice].filter(Boolean).join('; '), {
    cause,
  });
}

/** The same of what concerns no object. @param what Such as `ask for the version of`. */
export function failureToAsk(what: string, server: string, cause: unknown): EspalierError {
  const told = [`cannot ${what} ${server}: ${messageOf(cause)}`, adviceOnTheWay(cause)];
  return new EspalierError('Storage', told.filter(Boolean).join('; '), { cause });
}

function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  // Node's advice is about Node.
  return message.replace(/; if the root CA is installed locally.*/, '');
}

/** What keeps us from the server, or it from knowing us. */
function adviceOnTheWay(cause: unknown): string {
  if (isUnauthorized(cause)) {
    return 'the server does not accept the credential of the kubeconfig: log in again';
  }
  if (isUntrusted(cause)) {
    return 'the authority of the kubeconfig has not signed the certificate of that server';
  }
  return isNoAnswer(cause) ? 'is it up, and reachable from here? kubectl cluster-info asks it' : '';
}

function isOfMany(verb: Verb): boolean {
  return verb === 'list' || verb === 'watch';
}

/** Without an object's name in it, the answer is about the kind. */
function isUnknownKind(verb: Verb, message: string): boolean {
  return isOfMany(verb) || /could not find the requested resource|404 page not found/.test(message);
}

function isNoNamespace(message: string): boolean {
  return /namespaces "[^"]*" not found/.test(message);
}

function adviceFor(
  verb: Verb,
  { plural, apiVersion }: Resource,
  { namespace }: ObjectKey,
  cause: unknown,
  message: string,
): string {
  if (isNamespaceTerminating(cause)) return 'the namespace is being deleted';
  if (isQuotaExceeded(cause)) {
    return `a ResourceQuota is used up: kubectl describe quota -n ${namespace} shows it; delete what has ended, or ask for more`;
  }
  if (/status unknown for quota/.test(message)) return 'try again once the quota has been counted';
  if (isForbidden(cause)) {
    const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
    const resourceName = `${plural}${group}`;
    const missing = /cannot (\w+) resource/.exec(message)?.[1];
    return missing === undefined && verb === 'patch'
      ? 'a rule of the cluster refuses it: change what it names, or ask whoever runs the cluster'
      : `it needs the verb ${missing ?? verb} on ${resourceName} in ${namespace === '*' ? 'all namespaces' : 'that namespace'}`;
  }
  if (isNoVersion(message)) {
    return `its CRDs do not have every field of this program's ${API_VERSION} (docs/install.md)`;
  }
  return isOutcomeUnknown(cause) ? 'it may have been done all the same' : '';
}

/** Strict validation met a field that the CRDs of the server do not have. */
function isNoVersion(message: string): boolean {
  return /unknown field|strict decoding error|field not declared in schema/.test(message);
}
