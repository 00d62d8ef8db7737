import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import {
  type Authority,
  createAuthority,
} from '../../controller/src/adapters/nats/certificates.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { AUDIT_POLICY, type AuditEntry, readAuditLog } from './audit-log.ts';
import {
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  type Layout,
  LOOPBACK,
  type ServerAddresses,
  schedulerConfig,
  schedulerFlags,
} from './control-plane-flags.ts';
import { compactEtcd, etcdRevision } from './etcd-client.ts';
import { freePort } from './free-port.ts';
import type { KubeObject } from './kube-types.ts';
import { type Credential, writeKubeconfig } from './kubeconfig.ts';
import { runKubectl } from './kubectl.ts';
import { type OwnProcess, startProcess } from './own-process.ts';
import { createSigningKey } from './signing-key.ts';
import { makeStateFolder, type StateFolder } from './state-folder.ts';
import { CONTROL_PLANE_TOOLS, toolPaths } from './tools.ts';
import { waitFor } from './wait.ts';

export const COMPONENTS = ['etcd', 'apiserver', 'controller-manager', 'scheduler'] as const;
export type Component = (typeof COMPONENTS)[number];

/** A user who authenticates by a bearer token, as clients behind a fault proxy must. */
export interface TokenUser {
  readonly name: string;
  /** `system:masters` may do everything. @default none */
  readonly groups?: readonly string[];
}

export interface ControlPlaneOptions {
  /** Part of the folder's name and of messages. @default "plane" */
  readonly label?: string;
  /** etcd syncs every write to disk. @default false */
  readonly durable?: boolean;
  /** Record who called what; see {@link ControlPlane.auditEntries}. @default false */
  readonly audit?: boolean;
  /** More users with tokens; `admin` (system:masters) is always one. */
  readonly users?: readonly TokenUser[];
  /** More flags, after ours: `{ 'controller-manager': ['--node-monitor-grace-period=4s'] }`. */
  readonly flags?: Readonly<Partial<Record<Component, readonly string[]>>>;
  /** It goes on when this process ends. @default false */
  readonly outlives?: boolean;
  /** For pods that run and must reach it. @default 127.0.0.1, without endpoints of its Service */
  readonly addresses?: ServerAddresses;
}

/** A real Kubernetes control plane without nodes. */
export interface ControlPlane {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** Issues certificates that the API server and its clients accept. */
  readonly authority: Authority;
  readonly folder: StateFolder;
  /** Path of the administrator's kubeconfig, with a client certificate. */
  readonly kubeconfig: string;
  /** A client with all rights that the audit log leaves out (user `kit`). */
  readonly client: ApiClient;
  /** Time from the first process to the last check, without building the programs. */
  readonly startedInMs: number;
  /** Lets {@link ControlPlane.stop} end a process that works for it, such as kwok. */
  adopt(process: OwnProcess): void;
  /** The processes that run now; a restart replaces one. */
  process(component: Component): OwnProcess;
  /** The bearer token of a user named in the options, or of `admin`. */
  token(user: string): string;
  /** A fresh token of a service account, as the TokenRequest API gives it. */
  serviceAccountToken(namespace: string, name: string): Promise<string>;
  /** Writes a kubeconfig for a bearer token, by default for this server, and returns its path. */
  writeKubeconfig(
    name: string,
    token: string,
    server?: { readonly url: string; readonly ca: string },
  ): string;
  readonly kubectlPath: string;
  /** Runs kubectl as administrator; `input` is its stdin. Resolves with its stdout. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** SIGKILL; the component stays down until {@link ControlPlane.restart}. */
  kill(component: Component): Promise<void>;
  /** Kills a component if it runs and starts it on the same data and port; resolves when it serves. */
  restart(component: Component): Promise<void>;
  /** The newest resourceVersion. */
  revision(): Promise<number>;
  /**
   * Makes etcd forget all older revisions and returns the newest. The API server still answers
   * watches from its own memory; restart it to see 410 there too.
   */
  compact(): Promise<number>;
  /** The finished requests of all users but the control plane itself. */
  auditEntries(): AuditEntry[];
  /** Stops everything. With `failed` the logs stay and their folder is printed. */
  stop(options?: { readonly failed?: boolean }): Promise<void>;
}

/**
 * Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler on a free port, with their
 * own certificates; resolves when all of them work. Needs no root, and any number run side by side.
 *
 * @throws {Error} with the end of the log if one of them does not start; its logs are kept.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { label = 'plane', durable = false, audit = false, users = [], flags = {} } = options;
  const tools = await toolPaths(CONTROL_PLANE_TOOLS);
  const began = performance.now();
  const folder = makeStateFolder(label);
  const { addresses = LOOPBACK } = options;
  const layout: Layout = { folder, port: await freePort(), durable, audit, addresses };
  const url = `https://${addresses.host}:${layout.port}`;
  const authority = createAuthority('espalier-kit');
  const ca = authority.certificate;
  const admin: Credential = { kind: 'certificate', pair: authority.issue(masters('kit')) };
  const tokens = writeFiles(layout, { url, authority, users });
  const client = createApiClient(url, ca, admin);

  const starts: Readonly<Record<Component, readonly [command: string, flags: string[]]>> = {
    etcd: [tools.etcd, etcdFlags(layout)],
    apiserver: [tools['kube-apiserver'], apiServerFlags(layout)],
    'controller-manager': [tools['kube-controller-manager'], controllerManagerFlags(layout)],
    scheduler: [tools['kube-scheduler'], schedulerFlags(layout)],
  };
  const processes = new Map<Component, OwnProcess>();
  const adopted: OwnProcess[] = [];
  const start = async (component: Component): Promise<OwnProcess> => {
    const [command, own] = starts[component];
    const process = await startProcess({
      name: component,
      command,
      args: [...own, ...(flags[component] ?? [])],
      cwd: folder.path,
      logFile: folder.file(`${component}.log`),
      outlives: options.outlives ?? false,
    });
    processes.set(component, process);
    return process;
  };
  const serves = async (component: Component, ready: () => Promise<unknown>): Promise<void> => {
    const process = await start(component);
    await waitFor(ready, {
      what: `${component} serves`,
      timeoutMs: 60_000,
      maxPauseMs: 50,
      unless: process.whyEnded,
    });
  };
  const readiness: Readonly<Record<Component, () => Promise<unknown>>> = {
    etcd: () => etcdRevision(folder.file('etcd.sock')),
    apiserver: async () => (await client.request('GET', '/readyz')).status === 200,
    'controller-manager': async () => {
      const path = '/api/v1/namespaces/default/serviceaccounts/default';
      return (await client.request('GET', path)).status === 200;
    },
    scheduler: async () => true,
  };
  const stopAll = async (failed: boolean): Promise<void> => {
    client.close();
    // The API server's own shutdown waits for open watches; nothing of it is needed any more.
    await Promise.all([...processes.values(), ...adopted].map((process) => process.kill()));
    folder.remove({ keepLogs: failed, why: failed ? 'it failed' : '' });
  };

  try {
    await serves('etcd', readiness.etcd);
    await serves('apiserver', readiness.apiserver);
    await Promise.all([
      serves('controller-manager', readiness['controller-manager']),
      serves('scheduler', readiness.scheduler),
    ]);
  } catch (error) {
    await stopAll(true);
    throw error;
  }

  const kubeconfig = folder.file('admin.kubeconfig');
  writeKubeconfig(kubeconfig, { server: url, ca, credential: admin });
  return {
    url,
    ca,
    authority,
    folder,
    kubeconfig,
    client,
    startedInMs: performance.now() - began,
    adopt: (process) => {
      adopted.push(process);
    },
    process: (component) => {
      const process = processes.get(component);
      if (process === undefined) throw new Error(`${component} was never started`);
      return process;
    },
    token: (user) => {
      const token = tokens.get(user);
      if (token === undefined) throw new Error(`no user ${user}; there are ${[...tokens.keys()]}`);
      return token;
    },
    serviceAccountToken: async (namespace, name) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const made = await client.create<
        KubeObject & { readonly status: { readonly token: string } }
      >(path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
      return made.status.token;
    },
    writeKubeconfig: (name, token, server = { url, ca }) => {
      const path = folder.file(`${name}.kubeconfig`);
      const credential: Credential = { kind: 'token', token };
      writeKubeconfig(path, { server: server.url, ca: server.ca, credential });
      return path;
    },
    kubectlPath: tools.kubectl,
    kubectl: (args, input) => runKubectl(tools.kubectl, kubeconfig, args, input),
    kill: async (component) => {
      await processes.get(component)?.kill();
    },
    restart: async (component) => {
      await processes.get(component)?.kill();
      await serves(component, readiness[component]);
    },
    revision: () => etcdRevision(folder.file('etcd.sock')),
    compact: async () => {
      const revision = await etcdRevision(folder.file('etcd.sock'));
      await compactEtcd(folder.file('etcd.sock'), revision);
      return revision;
    },
    auditEntries: () => {
      const path = folder.file('audit.log');
      return existsSync(path) ? readAuditLog(path) : [];
    },
    stop: ({ failed = false } = {}) => stopAll(failed),
  };
}

const masters = (commonName: string) => ({ commonName, organizations: ['system:masters'] });

interface Identities {
  readonly url: string;
  readonly authority: Authority;
  readonly users: readonly TokenUser[];
}

/** Writes certificates, keys, tokens and configuration; returns the token of each user. */
function writeFiles(layout: Layout, { url, authority, users }: Identities): Map<string, string> {
  const { folder } = layout;
  const write = (name: string, content: string | object) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    writeFileSync(folder.file(name), text, { mode: 0o600 });
  };
  const { host, apiService } = layout.addresses;
  const server = authority.issue({
    commonName: 'kube-apiserver',
    hosts: ['127.0.0.1', 'localhost', host, apiService, 'kubernetes.default.svc'],
  });
  write('ca.crt', authority.certificate);
  write('server.crt', server.certificate);
  write('server.key', server.key);
  const kubeletClient = authority.issue(masters('kube-apiserver-kubelet-client'));
  write('kubelet-client.crt', kubeletClient.certificate);
  write('kubelet-client.key', kubeletClient.key);
  write('service-accounts.key', createSigningKey());
  write('audit-policy.json', AUDIT_POLICY);
  write('scheduler.json', schedulerConfig(layout));
  for (const component of ['controller-manager', 'scheduler']) {
    const pair = authority.issue({ commonName: `system:kube-${component}` });
    const credential: Credential = { kind: 'certificate', pair };
    const path = folder.file(`${component}.kubeconfig`);
    writeKubeconfig(path, { server: url, ca: authority.certificate, credential });
  }
  const tokens = new Map<string, string>();
  const rows = [{ name: 'admin', groups: ['system:masters'] }, ...users].map(
    ({ name, groups = [] }) => {
      const token = randomBytes(16).toString('hex');
      tokens.set(name, token);
      return `${token},${name},${name},"${groups.join(',')}"\n`;
    },
  );
  write('tokens.csv', rows.join(''));
  return tokens;
}
