import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ApiClient, ApiError } from '../api-client.ts';
import type { KubeObject } from '../kube-types.ts';
import { waitFor } from '../wait.ts';
import type { ContainerSpec, ProjectedSource, RunnablePod, VolumeSpec } from './pod-spec.ts';

/** The folder of each volume, by the volume's name. */
export type Volumes = ReadonlyMap<string, string>;

export interface MountOptions {
  readonly client: ApiClient;
  /** The pod's own folder. */
  readonly folder: string;
  /** The folders of persistent volume claims, by their name. */
  readonly claims: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onVolume?: OnVolume | undefined;
}

/** Told when the folder of a volume was made, before anything is written to it. */
export type OnVolume = (pod: RunnablePod, volume: string, folder: string) => void;

interface Source extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Token extends KubeObject {
  readonly status: { readonly token: string };
}

const SOURCE_WAIT_MS = 24 * 3600 * 1000;

/** Makes the folders of a pod's volumes; like the kubelet it waits for objects that do not exist yet. */
export async function mountVolumes(pod: RunnablePod, options: MountOptions): Promise<Volumes> {
  const volumes = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? []) {
    volumes.set(volume.name, await mount(pod, volume, options));
  }
  return volumes;
}

async function mount(
  pod: RunnablePod,
  { name, secret, configMap, projected, persistentVolumeClaim }: VolumeSpec,
  options: MountOptions,
): Promise<string> {
  const path = join(options.folder, 'volumes', name);
  mkdirSync(path, { recursive: true });
  options.onVolume?.(pod, name, path);
  if (persistentVolumeClaim !== undefined) {
    const claimed = options.claims[persistentVolumeClaim.claimName];
    if (claimed === undefined) throw new Error(`no claim ${persistentVolumeClaim.claimName}`);
    return claimed;
  }
  const sources: readonly ProjectedSource[] = [
    ...(secret === undefined ? [] : [{ secret: { ...secret, name: secret.secretName } }]),
    ...(configMap === undefined ? [] : [{ configMap }]),
    ...(projected?.sources ?? []),
  ];
  for (const source of sources) {
    for (const [file, content] of await filesOf(pod, source, options)) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), content, { mode: 0o400 });
    }
  }
  return path;
}

async function filesOf(
  { metadata: { namespace = '' }, spec: { serviceAccountName = 'default' } }: RunnablePod,
  { secret, configMap, serviceAccountToken, downwardAPI }: ProjectedSource,
  { client, signal }: MountOptions,
): Promise<[file: string, content: string | Buffer][]> {
  const core = `/api/v1/namespaces/${namespace}`;
  if (serviceAccountToken !== undefined) {
    const made = await client.create<Token>(`${core}/serviceaccounts/${serviceAccountName}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    });
    return [[serviceAccountToken.path, made.status.token]];
  }
  if (downwardAPI !== undefined) return downwardAPI.items.map(({ path }) => [path, namespace]);
  const source = secret ?? configMap;
  if (source === undefined) return [];
  const kind = secret === undefined ? 'configmaps' : 'secrets';
  const { data = {} } = await waitFor(
    () => found(client.get<Source>(`${core}/${kind}/${source.name}`)),
    { what: `${kind} ${source.name} exists`, timeoutMs: SOURCE_WAIT_MS, pauseMs: 50, signal },
  );
  const items = source.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  const encoding = secret === undefined ? 'utf8' : 'base64';
  return items.map(({ key, path }) => [path, Buffer.from(data[key] ?? '', encoding)]);
}

/** The variables of a container that come from Secrets; like the kubelet it waits for them. */
export async function secretVariables(
  namespace: string,
  { env = [] }: ContainerSpec,
  { client, signal }: MountOptions,
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const { name, valueFrom } of env) {
    const ref = valueFrom?.secretKeyRef;
    if (ref === undefined) continue;
    const { data = {} } = await waitFor(
      () => found(client.get<Source>(`/api/v1/namespaces/${namespace}/secrets/${ref.name}`)),
      { what: `secret ${ref.name} exists`, timeoutMs: SOURCE_WAIT_MS, pauseMs: 50, signal },
    );
    values[name] = Buffer.from(data[ref.key] ?? '', 'base64').toString();
  }
  return values;
}

/** Undefined while there is nothing, or nobody to ask. */
async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status !== 404 && error.status < 500) throw error;
    return undefined;
  }
}

/** Turns the paths of a container into paths of this machine. */
export type PathMap = (text: string) => string;

/**
 * Maps every mounted path, and the termination message's, wherever one stands in a text as a whole
 * path or as the beginning of one. What is mounted read-only can be written all the same.
 */
export function pathMap(
  { volumeMounts = [], terminationMessagePath }: ContainerSpec,
  volumes: Volumes,
  terminationLog: string,
): PathMap {
  const places = new Map<string, string>();
  for (const { name, mountPath, subPath = '' } of volumeMounts) {
    const folder = volumes.get(name);
    if (folder === undefined) throw new Error(`no volume ${name}`);
    places.set(mountPath, join(folder, subPath));
  }
  if (terminationMessagePath !== undefined) places.set(terminationMessagePath, terminationLog);
  const longestFirst = [...places.keys()].sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => text;
  const anyOf = longestFirst.map(escapePattern).join('|');
  const pattern = new RegExp(`(?<![\\w./-])(?:${anyOf})(?=$|[^\\w.-])`, 'g');
  return (text) => text.replaceAll(pattern, (path) => places.get(path) ?? path);
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Expands `$(NAME)` and `$$` as the kubelet does in commands, arguments and variables. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\(([\w.-]+)\))/g, (whole, name?: string) =>
    name === undefined ? '$' : (values[name] ?? whole),
  );
}
