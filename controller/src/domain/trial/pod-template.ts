import {
  durationMs,
  type Experiment,
  FINALIZER,
  LABEL,
  podName,
  TRAINER_ENV,
  type TrainerProfile,
  type TrainerTask,
  type Trial,
} from '@espalier/api';
import { imageIsAllowed } from './image-prefix.ts';
import type { PodManifest, PodVolume, VolumeMount } from './pod-manifest.ts';

/** What the pod of one attempt is made from. */
export interface PodPlan {
  readonly experiment: Experiment;
  readonly trial: Trial;
  readonly attempt: number;
  readonly task: TrainerTask;
  readonly profile?: TrainerProfile;
}

/** What the installation sets for all pods. */
export interface PodDefaults {
  /** Runs when neither the Experiment nor its profile names an image. */
  readonly trainerImage?: string;
}

export type PodTemplate =
  | { readonly kind: 'pod'; readonly pod: PodManifest }
  | { readonly kind: 'refused'; readonly reason: PodRefusal; readonly message: string };

/** Why no pod can be made as asked for; the message names the field to change. */
export type PodRefusal = 'ProfileNotFound' | 'NoImage' | 'ImageNotAllowed' | 'DataUnavailable';

export const TRAINER_CONTAINER = 'trainer';
/** Kueue admits pods that carry it. */
const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';

/** Where a trainer finds things in its pod. */
export const POD_PATH = {
  data: '/espalier/data',
  out: '/espalier/out',
  resume: '/espalier/resume',
  run: '/espalier/run',
  terminationLog: '/dev/termination-log',
  temporary: '/tmp',
  /** Loaders that pass batches between processes need more than the runtime's 64 MiB. */
  sharedMemory: '/dev/shm',
} as const;

/**
 * The Pod of one attempt; the same plan always gives the same pod.
 *
 * Every field is listed here: nothing of a user's is merged into it. It fits the Pod Security level
 * `restricted`, holds no credential and mounts no token. Arguments and parameters arrive byte-exact:
 * there is no shell, and `$` is doubled so that the kubelet expands nothing.
 */
export function podTemplate(plan: PodPlan, defaults: PodDefaults): PodTemplate {
  const { experiment, trial, attempt, profile } = plan;
  const { trainer, data, queueName } = experiment.spec;
  const allowed = profile?.spec;
  if (trainer.profile !== undefined && allowed === undefined) {
    return refused('ProfileNotFound', `no TrainerProfile "${trainer.profile}" in this namespace`);
  }
  const image = trainer.image ?? allowed?.image ?? defaults.trainerImage;
  if (image === undefined) return refused('NoImage', 'set spec.trainer.image: no default is known');
  const prefixes = allowed?.imagePrefixes ?? [];
  if (!imageIsAllowed(image, prefixes)) {
    const list = prefixes.join(', ');
    return refused(
      'ImageNotAllowed',
      `spec.trainer.image "${image}" begins with none of the profile's prefixes: ${list}`,
    );
  }
  if (data?.s3 !== undefined) {
    return refused('DataUnavailable', 'spec.data.s3 needs an artifact store; none is configured');
  }
  const volumes = podVolumes(experiment);
  const marks = podMarks(trial, attempt);
  return {
    kind: 'pod',
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: podName(trial.metadata.name, attempt),
        namespace: trial.metadata.namespace,
        labels: {
          'app.kubernetes.io/managed-by': 'espalier',
          ...marks.labels,
          ...(queueName === undefined ? {} : { [QUEUE_LABEL]: queueName }),
        },
        finalizers: [FINALIZER],
        ownerReferences: marks.ownerReferences,
      },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: Math.ceil(durationMs(trainer.gracePeriod) / 1000),
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: TRAINER_CONTAINER,
            image,
            ...(trainer.command === undefined ? {} : { command: trainer.command.map(literal) }),
            ...(trainer.args === undefined ? {} : { args: trainer.args.map(literal) }),
            env: environment(plan),
            resources: resources(plan),
            securityContext: {
              allowPrivilegeEscalation: false,
              privileged: false,
              readOnlyRootFilesystem: true,
              runAsNonRoot: true,
              capabilities: { drop: ['ALL'] },
              seccompProfile: { type: 'RuntimeDefault' },
            },
            terminationMessagePath: POD_PATH.terminationLog,
            terminationMessagePolicy: 'File',
            volumeMounts: volumes.map(({ mount }) => mount),
          },
        ],
        volumes: volumes.map(({ volume }) => volume),
        ...(allowed?.nodeSelector === undefined ? {} : { nodeSelector: allowed.nodeSelector }),
        ...(allowed?.tolerations === undefined ? {} : { tolerations: allowed.tolerations }),
        ...optional('runtimeClassName', allowed?.runtimeClassName),
        ...optional('priorityClassName', allowed?.priorityClassName),
        ...optional('serviceAccountName', allowed?.serviceAccountName),
        ...(allowed?.imagePullSecrets === undefined
          ? {}
          : { imagePullSecrets: allowed.imagePullSecrets.map((name) => ({ name })) }),
      },
    },
  };
}

/** What the pod of an attempt is found by: the labels and the owner. */
export function podMarks(
  { apiVersion, kind, metadata }: Trial,
  attempt: number,
): Pick<PodManifest['metadata'], 'ownerReferences'> & { readonly labels: Record<string, string> } {
  const { name, uid } = metadata;
  const experiment = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return {
    labels: {
      [LABEL.experiment]: experiment?.name ?? '',
      [LABEL.trial]: name,
      [LABEL.attempt]: String(attempt),
    },
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
  };
}

/** The text that the kubelet's expansion of `$(NAME)` turns back into `text`. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function environment(plan: PodPlan): { name: string; value: string }[] {
  const { cpu } = plan.experiment.spec.trainer.resources;
  const values: Record<string, string> = {
    // The root file system is read-only, and many libraries insist on a home.
    HOME: POD_PATH.temporary,
    [TRAINER_ENV.trial]: JSON.stringify(plan.task),
    [TRAINER_ENV.data]: POD_PATH.data,
    [TRAINER_ENV.out]: POD_PATH.out,
    [TRAINER_ENV.report]: `file:${POD_PATH.run}/report.jsonl`,
    [TRAINER_ENV.resume]: POD_PATH.resume,
    [TRAINER_ENV.terminationLog]: POD_PATH.terminationLog,
    ...(cpu === undefined ? {} : { [TRAINER_ENV.cpuThreads]: String(wholeCpus(cpu)) }),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value: literal(value) }));
}

/** Requests equal limits, so that a pod gets what it was promised and takes no more. */
function resources({ experiment, profile }: PodPlan) {
  const asked = experiment.spec.trainer.resources;
  const defaults = profile?.spec.resources;
  const amounts: Record<string, string> = {
    ...optional('cpu', asked.cpu ?? defaults?.cpu),
    ...optional('memory', asked.memory ?? defaults?.memory),
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

function podVolumes({ spec }: Experiment): { volume: PodVolume; mount: VolumeMount }[] {
  const claim = spec.data?.persistentVolumeClaim;
  const scratch = (name: string, mountPath: string) => ({
    volume: { name, emptyDir: {} },
    mount: { name, mountPath },
  });
  return [
    scratch('out', POD_PATH.out),
    scratch('resume', POD_PATH.resume),
    scratch('run', POD_PATH.run),
    scratch('tmp', POD_PATH.temporary),
    {
      volume: { name: 'shm', emptyDir: { medium: 'Memory' } },
      mount: { name: 'shm', mountPath: POD_PATH.sharedMemory },
    },
    claim === undefined
      ? scratch('data', POD_PATH.data)
      : {
          volume: {
            name: 'data',
            persistentVolumeClaim: { claimName: claim.claimName, readOnly: true },
          },
          mount: {
            name: 'data',
            mountPath: POD_PATH.data,
            readOnly: true,
            ...optional('subPath', claim.subPath),
          },
        },
  ];
}

function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: V });
}

function refused(reason: PodRefusal, message: string): PodTemplate {
  return { kind: 'refused', reason, message };
}
