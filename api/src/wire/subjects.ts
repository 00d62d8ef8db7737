/** The names on the bus (design.md 5.3): the namespace first, since it is the tenant (G13). */

/** One attempt of a Trial, as its subjects and its credential name it. */
export interface AttemptAddress {
  readonly namespace: string;
  readonly trialUid: string;
  readonly attempt: number;
}

export type ReportChannel = 'points' | 'state';

export const REPORT_ROOT = 'espalier.m.v1';
export const REQUEST_ROOT = 'espalier.rpc.v1';

const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** A UID of the API server has 36 characters, so the number after the next dash is the attempt's. */
const ATTEMPT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(0|[1-9][0-9]{0,6})$/;

/** The name of an attempt's user and the part of its subjects that is its own. */
export function attemptName({ trialUid, attempt }: Omit<AttemptAddress, 'namespace'>): string {
  return `${trialUid}-${attempt}`;
}

export function reportSubject(address: AttemptAddress, channel: ReportChannel): string {
  return `${REPORT_ROOT}.${address.namespace}.${attemptName(address)}.${channel}`;
}

/** Matches every report of an attempt. */
export function reportsOf(address: AttemptAddress): string {
  return `${REPORT_ROOT}.${address.namespace}.${attemptName(address)}.>`;
}

export function requestSubject(address: AttemptAddress): string {
  return `${REQUEST_ROOT}.${address.namespace}.${attemptName(address)}`;
}

/** Where a user may receive; the server lets it subscribe to nothing else. */
export function inboxOf(name: string): string {
  return `_INBOX.${name}`;
}

/** Whose report came on that subject; undefined for anything that is not exactly of that form. */
export function parseReportSubject(
  subject: string,
): (AttemptAddress & { readonly channel: ReportChannel }) | undefined {
  if (!subject.startsWith(`${REPORT_ROOT}.`)) return undefined;
  const [namespace, name, channel, ...rest] = subject.slice(REPORT_ROOT.length + 1).split('.');
  if (rest.length > 0 || (channel !== 'points' && channel !== 'state')) return undefined;
  const address = parseAddress(namespace, name);
  return address && { ...address, channel };
}

/** Who asks on that subject; undefined for anything that is not exactly of that form. */
export function parseRequestSubject(subject: string): AttemptAddress | undefined {
  if (!subject.startsWith(`${REQUEST_ROOT}.`)) return undefined;
  const [namespace, name, ...rest] = subject.slice(REQUEST_ROOT.length + 1).split('.');
  return rest.length > 0 ? undefined : parseAddress(namespace, name);
}

function parseAddress(namespace?: string, name?: string): AttemptAddress | undefined {
  if (namespace === undefined || name === undefined || !NAMESPACE.test(namespace)) return undefined;
  const [, trialUid, attempt] = ATTEMPT.exec(name) ?? [];
  if (trialUid === undefined) return undefined;
  return { namespace, trialUid, attempt: Number(attempt) };
}
