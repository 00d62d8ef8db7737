import { DATA_CACHE_ENV, durationMs, TRAINER_ENV } from '@espalier/api';
import type { ContainerManifest, SidecarManifest } from './pod-manifest.ts';
import type { PodPlan } from './pod-template.ts';
import { POD_PATH, type PodFolders, readOnly } from './pod-volumes.ts';

/** How the trainers of an installation reach it. */
export interface Streams {
  /** Of NATS, as `host:port`; trainers speak TLS with it. */
  readonly servers: readonly string[];
  /** Its entry point is `espalier-courier`. */
  readonly courierImage: string;
  /** Whether data can be fetched and files kept: there is an object store. */
  readonly hasStore: boolean;
}

export const CONTAINER = {
  trainer: 'trainer',
  /** Fills the folders of data and checkpoint before the trainer starts. */
  fetch: 'fetch',
  /** Carries reports and files for a trainer that does not do it itself. */
  courier: 'courier',
} as const;

/** Where a trainer that does not know NATS appends its lines. */
const REPORT_FILE = `${POD_PATH.run}/report.jsonl`;

/** The sidecar makes it once it can be told to end. */
const READY_FILE = `${POD_PATH.run}/courier.ready`;
const READY_SECONDS = 120;
const WATCH_ARGS = ['watch', `--report=${REPORT_FILE}`, `--ready=${READY_FILE}`];

/** Node itself needs about 60 MiB; files are carried in pieces. Limits, because quotas ask for them. */
export const COURIER_RESOURCES = { cpu: '500m', memory: '256Mi' } as const;

const SECURITY_CONTEXT = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** What every container of ours has in common. */
const COMMON = {
  securityContext: SECURITY_CONTEXT,
  terminationMessagePath: POD_PATH.terminationLog,
  terminationMessagePolicy: 'File',
} as const;

/** @param streams absent = the trainer's reports stay in its pod. */
export function trainerContainer(
  plan: PodPlan,
  image: string,
  folders: PodFolders,
  streams: Streams | undefined,
): ContainerManifest {
  const { trainer } = plan.experiment.spec;
  const isOwnCourier = streams !== undefined && !trainer.sidecar;
  return {
    name: CONTAINER.trainer,
    image,
    ...(trainer.command === undefined ? {} : { command: trainer.command.map(literal) }),
    ...(trainer.args === undefined ? {} : { args: trainer.args.map(literal) }),
    env: environment(plan, isOwnCourier ? streams : undefined),
    resources: trainerResources(plan),
    ...COMMON,
    volumeMounts: [
      folders.out.mount,
      readOnly(folders.resume),
      folders.run.mount,
      folders.tmp.mount,
      folders.shm.mount,
      readOnly(folders.data),
      ...(isOwnCourier ? credentialsOf(folders) : []),
    ],
  };
}

/** Ends with 0 once the data and the checkpoint are there, whole. */
export function fetchContainer(
  plan: PodPlan,
  folders: PodFolders,
  streams: Streams,
): ContainerManifest {
  const { env, ...container } = courier(CONTAINER.fetch, ['fetch'], plan, streams);
  const cache = folders.dataCache?.mount;
  return {
    ...container,
    env: cache === undefined ? env : [...env, { name: DATA_CACHE_ENV, value: POD_PATH.dataCache }],
    volumeMounts: [
      ...(cache === undefined ? [] : [cache]),
      folders.data.mount,
      folders.resume.mount,
      folders.tmp.mount,
      ...credentialsOf(folders),
    ],
  };
}

/**
 * Starts before the trainer, and is told to end after it. A trainer that ends at once must not be
 * faster than that: the first process of a container is deaf to SIGTERM until it listens, and its
 * grace period would pass with nothing delivered.
 */
export function courierContainer(
  plan: PodPlan,
  folders: PodFolders,
  streams: Streams,
): SidecarManifest {
  return {
    ...courier(CONTAINER.courier, WATCH_ARGS, plan, streams),
    restartPolicy: 'Always',
    startupProbe: {
      exec: { command: ['test', '-e', READY_FILE] },
      periodSeconds: 1,
      failureThreshold: READY_SECONDS,
    },
    volumeMounts: [
      folders.out.mount,
      folders.run.mount,
      folders.tmp.mount,
      ...credentialsOf(folders),
    ],
  };
}

/** The text that the kubelet's expansion of `$(NAME)` turns back into `text`. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function courier(name: string, args: readonly string[], plan: PodPlan, streams: Streams) {
  return {
    name,
    image: streams.courierImage,
    args,
    env: environment(plan, streams),
    resources: { requests: COURIER_RESOURCES, limits: COURIER_RESOURCES },
    ...COMMON,
  };
}

function credentialsOf({ credentials }: PodFolders) {
  return credentials === undefined ? [] : [credentials.mount];
}

function environment(plan: PodPlan, streams: Streams | undefined) {
  const { resources, gracePeriod } = plan.experiment.spec.trainer;
  const { cpu } = resources;
  const values: Record<string, string> = {
    // The root file system is read-only, and many libraries insist on a home.
    HOME: POD_PATH.temporary,
    [TRAINER_ENV.trial]: JSON.stringify(plan.task),
    [TRAINER_ENV.data]: POD_PATH.data,
    [TRAINER_ENV.out]: POD_PATH.out,
    [TRAINER_ENV.report]: streams ? `nats://${streams.servers.join(',')}` : `file:${REPORT_FILE}`,
    [TRAINER_ENV.resume]: POD_PATH.resume,
    [TRAINER_ENV.terminationLog]: POD_PATH.terminationLog,
    ...(streams === undefined ? {} : { [TRAINER_ENV.credentials]: POD_PATH.credentials }),
    [TRAINER_ENV.graceSeconds]: String(Math.ceil(durationMs(gracePeriod) / 1000)),
    ...(cpu === undefined ? {} : { [TRAINER_ENV.cpuThreads]: String(wholeCpus(cpu)) }),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value: literal(value) }));
}

/** Requests equal limits, so that a pod gets what it was promised and takes no more. */
export function trainerResources({
  experiment,
  profile,
}: {
  readonly experiment: PodPlan['experiment'];
  readonly profile?: PodPlan['profile'] | undefined;
}): { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> } {
  const asked = experiment.spec.trainer.resources;
  const defaults = profile?.spec.resources;
  const cpu = asked.cpu ?? defaults?.cpu;
  const memory = asked.memory ?? defaults?.memory;
  const amounts: Record<string, string> = {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(asked.gpu === 0
      ? {}
      : { [profile?.spec.gpuResourceName ?? 'nvidia.com/gpu']: String(asked.gpu) }),
  };
  return Object.keys(amounts).length === 0 ? {} : { requests: amounts, limits: amounts };
}

/** At least one thread; half a CPU is one thread too. */
function wholeCpus(quantity: string): number {
  const cpus = quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
  return Number.isFinite(cpus) ? Math.max(1, Math.floor(cpus)) : 1;
}
