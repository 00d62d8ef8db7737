import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname, isAbsolute, join } from 'node:path';
import { nearestName } from '@espalier/api';
// The parts and not the package's index, nor its KubeConfig: both import the generated API, which
// keeps 84-88 MB resident; these three keep 7 (measured with 2.0.1 on Node 24).
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { parse } from 'yaml';
import { EspalierError } from '../../ports/errors.ts';

/** Where the API server is and how to prove who we are. */
export interface ClusterAccess {
  readonly server: URL;
  /** The namespace that the kubeconfig or the pod names, if any. */
  readonly namespace?: string;
  /** Reads files and runs credential plugins; callers keep the answer for a while. */
  credentials(): Promise<Credentials>;
}

export interface Credentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Access of a pod: the ServiceAccount's token and CA, both read again whenever asked. */
export function podAccess(host: string, port: string, folder = SERVICE_ACCOUNT): ClusterAccess {
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    server: new URL(`https://${name}:${port}`),
    namespace: readFileSync(join(folder, 'namespace'), 'utf8').trim(),
    credentials: async () => ({
      ca: readFileSync(join(folder, 'ca.crt'), 'utf8'),
      rejectUnauthorized: true,
      headers: bearer(readFileSync(join(folder, 'token'), 'utf8')),
    }),
  };
}

/**
 * Access as a kubeconfig describes it: client certificate, token, token file, basic, exec plugin,
 * OIDC. Several paths merge as kubectl merges `KUBECONFIG`: the first to name something wins.
 *
 * @throws EspalierError InvalidSpec if a file cannot be read or is none, or there is no such context,
 * cluster or user, or it needs a proxy; later, from `credentials`, if a credential cannot be had.
 */
export function kubeconfigAccess(paths: readonly string[], contextName?: string): ClusterAccess {
  const parts = paths.map((path) => ({ folder: dirname(path), ...readKubeconfig(path) }));
  const wanted = contextName ?? parts.find((part) => part.current !== '')?.current ?? '';
  const contexts = parts.flatMap((part) => part.contexts);
  const context = contexts.find(({ name }) => name === wanted);
  if (context === undefined) {
    const what = wanted === '' ? 'current-context' : `context "${wanted}"`;
    const names = contexts.map(({ name }) => name);
    throw invalid(`no ${what} in ${paths.join(', ')}${meantContext(wanted, names)}`);
  }
  const home = parts.find((part) => part.clusters.some(({ name }) => name === context.cluster));
  const cluster = home?.clusters.find(({ name }) => name === context.cluster);
  if (home === undefined || cluster === undefined) throw invalid(`no cluster "${context.cluster}"`);
  if (cluster.proxyUrl !== undefined) throw invalid('proxy-url in a kubeconfig is not supported');
  const userHome = parts.find((part) => part.users.some(({ name }) => name === context.user));
  const user = userHome?.users.find(({ name }) => name === context.user);
  if (context.user !== undefined && user === undefined) throw invalid(`no user "${context.user}"`);
  const server = URL.parse(cluster.server);
  if (server === null) {
    throw invalid(`the server of cluster "${cluster.name}" is no address: "${cluster.server}"`);
  }
  const exec = new ExecAuth();
  const credentials = async () => ({
    ...clusterTls(cluster, home.folder),
    ...(await userCredentials(user, {
      folder: userHome?.folder ?? '.',
      tokenFile: user && userHome?.tokenFiles.get(user.name),
      exec,
    })),
  });
  return {
    server,
    ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
    credentials: () => credentials().catch((cause) => Promise.reject(noCredential(context, cause))),
  };
}

function noCredential({ name }: Context, cause: unknown): EspalierError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return invalid(`the credential of context "${name}" cannot be had: ${message.trim()}`, cause);
}

function meantContext(wanted: string, names: readonly string[]): string {
  const near = nearestName(wanted, names);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return names.length === 0 ? '' : `; there are ${names.slice(0, 20).join(', ')}`;
}

interface RawUser {
  readonly name: string;
  readonly user?: { readonly tokenFile?: unknown } | null;
}

function readKubeconfig(path: string) {
  const document = readYaml(path) ?? {};
  if (!isDocument(document)) throw invalid(`${path} is no kubeconfig`);
  for (const part of ['clusters', 'contexts', 'users']) {
    if (!Array.isArray(document[part] ?? [])) throw invalid(`${path}: ${part} is no list`);
  }
  try {
    return partsOf(document);
  } catch (error) {
    throw invalid(`${path}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields of an entry that are no texts. */
const OTHERS: ReadonlySet<string> = new Set(['exec', 'authProvider', 'skipTLSVerify']);

/** The package takes what it finds, such as a number for a name. */
function requireTexts(part: string, entries: readonly object[]): void {
  for (const [index, entry] of entries.entries()) {
    for (const [field, value] of Object.entries(entry)) {
      if (typeof (value ?? '') === 'string' || OTHERS.has(field)) continue;
      throw new Error(`${field} of ${part}[${index}] is no text`);
    }
  }
}

function partsOf(document: Record<string, unknown>) {
  const users = document['users'] ?? [];
  const parts = {
    clusters: newClusters(document['clusters'] ?? []),
    contexts: newContexts(document['contexts'] ?? []),
    users: newUsers(users),
  };
  for (const [part, entries] of Object.entries(parts)) requireTexts(part, entries);
  return {
    ...parts,
    // client-node looks for them under another name (2.0.1), and would leave us anonymous.
    tokenFiles: new Map(
      (users as RawUser[]).flatMap(({ name, user }) =>
        typeof user?.tokenFile === 'string' ? [[name, user.tokenFile] as const] : [],
      ),
    ),
    current: String(document['current-context'] ?? ''),
  };
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // The parser draws the place over several lines; the first names it.
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw invalid(`cannot read ${path}: ${message.replace(/:$/, '')}`, error);
  }
}

function clusterTls(cluster: Cluster, folder: string): Omit<Credentials, 'headers'> {
  const ca = pem(cluster.caData, cluster.caFile, folder);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
    rejectUnauthorized: !cluster.skipTLSVerify,
  };
}

async function userCredentials(
  user: User | undefined,
  {
    folder,
    tokenFile,
    exec,
  }: { readonly folder: string; readonly tokenFile: string | undefined; readonly exec: ExecAuth },
): Promise<Pick<Credentials, 'cert' | 'key' | 'headers'>> {
  if (user === undefined) return { headers: {} };
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  const providedFile: unknown = user.authProvider?.config?.tokenFile;
  if (typeof providedFile === 'string') {
    Object.assign(options.headers, bearer(readFileSync(resolveIn(folder, providedFile), 'utf8')));
  } else if (exec.isAuthProvider(user)) {
    await exec.applyAuthentication(user, options);
  } else if (user.authProvider?.name === 'oidc') {
    // Imported late: it brings the 80 MB that the rest of this file avoids.
    const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js');
    await new OpenIDConnectAuth().applyAuthentication(user, options);
  } else if (user.authProvider !== undefined) {
    throw invalid(`auth-provider "${user.authProvider.name}" is not supported; use an exec plugin`);
  }
  if (tokenFile !== undefined) {
    // Of both, the file is newer: it is what gets renewed.
    Object.assign(options.headers, bearer(readFileSync(resolveIn(folder, tokenFile), 'utf8')));
  } else if (user.token) {
    Object.assign(options.headers, bearer(user.token));
  }
  if (user.username !== undefined) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    options.headers['Authorization'] = `Basic ${basic}`;
  }
  if (user.impersonateUser !== undefined)
    options.headers['Impersonate-User'] = user.impersonateUser;
  const cert = textOf(options.cert) ?? pem(user.certData, user.certFile, folder);
  const key = textOf(options.key) ?? pem(user.keyData, user.keyFile, folder);
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    headers: options.headers,
  };
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token.trim()}` };
}

function pem(base64: string | undefined, file: string | undefined, folder: string) {
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('utf8');
  return file === undefined ? undefined : readFileSync(resolveIn(folder, file), 'utf8');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function resolveIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function invalid(message: string, cause?: unknown): EspalierError {
  return new EspalierError(
    'InvalidSpec',
    `kubeconfig: ${message}`,
    cause === undefined ? undefined : { cause },
  );
}
