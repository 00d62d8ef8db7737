import { readFileSync } from 'node:fs';

/** A finished request as the API server's audit log names it. */
export interface AuditEntry {
  readonly user: string;
  readonly verb: string;
  /** Resource and subresource as RBAC names them: `pods`, `pods/status`; empty for other paths. */
  readonly resource: string;
  readonly apiGroup: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
}

interface RawEntry {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/**
 * Records who called what, without bodies. The control plane's own components are left out: they
 * would be most of the file. A watch is recorded when it starts, since it may never end.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'None',
      users: [
        'system:apiserver',
        'system:kube-controller-manager',
        'system:kube-scheduler',
        'kwok',
        'kit',
      ],
    },
    { level: 'None', userGroups: ['system:serviceaccounts:kube-system'] },
    { level: 'Metadata' },
  ],
};

/** The finished requests in an audit log, oldest first; a half-written last line is left out. */
export function readAuditLog(path: string): AuditEntry[] {
  const text = readFileSync(path, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter(Boolean).map((line) => {
    const { user, verb, objectRef = {}, responseStatus } = JSON.parse(line) as RawEntry;
    const { resource = '', subresource, apiGroup = '', namespace = '', name = '' } = objectRef;
    return {
      user: user.username,
      verb,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      apiGroup,
      namespace,
      name,
      code: responseStatus?.code ?? 0,
    };
  });
}

/** The distinct `verb group/resource` that a user called and the server did not forbid, sorted. */
export function usedGrants(entries: readonly AuditEntry[], user: string): string[] {
  const used = entries
    .filter((entry) => entry.user === user && entry.resource !== '' && entry.code !== 403)
    .map(({ verb, apiGroup, resource }) => `${verb} ${apiGroup && `${apiGroup}/`}${resource}`);
  return [...new Set(used)].sort();
}
