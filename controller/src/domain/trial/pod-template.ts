import {
  ANNOTATION,
  attemptName,
  durationMs,
  type Experiment,
  FINALIZER,
  LABEL,
  podName,
  type TrainerProfile,
  type TrainerTask,
  type Trial,
} from '@espalier/api';
import { imageIsAllowed } from './image-prefix.ts';
import {
  courierContainer,
  fetchContainer,
  type Streams,
  trainerContainer,
} from './pod-containers.ts';
import type { PodManifest } from './pod-manifest.ts';
import { podFolders } from './pod-volumes.ts';
import { formatResumePoint, type ResumePoint } from './resume-point.ts';

/** What the pod of one attempt is made from. */
export interface PodPlan {
  readonly experiment: Experiment;
  readonly trial: Trial;
  readonly attempt: number;
  readonly task: TrainerTask;
  readonly profile?: TrainerProfile;
  /** The checkpoint to begin with. */
  readonly resumeFrom?: ResumePoint;
}

/** What the installation sets for all pods. */
export interface PodDefaults {
  /** Runs when neither the Experiment nor its profile names an image. */
  readonly trainerImage?: string;
  /** Absent = reports and files stay in the pod. */
  readonly streams?: Streams;
}

/** Kueue admits pods that carry it. */
const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';

export type PodTemplate =
  | { readonly kind: 'pod'; readonly pod: PodManifest }
  | { readonly kind: 'refused'; readonly reason: PodRefusal; readonly message: string };

/** Why no pod can be made as asked for; the message names the field to change. */
export type PodRefusal = 'ProfileNotFound' | 'NoImage' | 'ImageNotAllowed' | 'DataUnavailable';

/**
 * The Pod of one attempt; the same plan always gives the same pod.
 *
 * Every field is listed here: nothing of a user's is merged into it. It fits the Pod Security level
 * `restricted` and mounts no token of a service account. Arguments and parameters arrive byte-exact:
 * there is no shell, and `$` is doubled so that the kubelet expands nothing.
 *
 * With streams, a Secret named like the attempt's user has to follow: until it is there, the kubelet
 * starts nothing of the pod.
 */
export function podTemplate(plan: PodPlan, defaults: PodDefaults): PodTemplate {
  const { experiment, trial, attempt, profile, resumeFrom } = plan;
  const { streams } = defaults;
  const { trainer, data } = experiment.spec;
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
  if (data?.s3 !== undefined && streams?.hasStore !== true) {
    return refused(
      'DataUnavailable',
      "spec.data.s3 needs the object store; the controller's --nats-servers and --s3-bucket name none",
    );
  }
  const metadata = podMetadata(experiment, trial, attempt, resumeFrom);
  const spec = podSpec(plan, image, streams);
  return { kind: 'pod', pod: { apiVersion: 'v1', kind: 'Pod', metadata, spec } };
}

function podMetadata(
  { spec: { queueName } }: Experiment,
  trial: Trial,
  attempt: number,
  resumeFrom: ResumePoint | undefined,
): PodManifest['metadata'] {
  const marks = podMarks(trial, attempt);
  return {
    name: podName(trial.metadata.name, attempt),
    namespace: trial.metadata.namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'espalier',
      ...marks.labels,
      ...(queueName === undefined ? {} : { [QUEUE_LABEL]: queueName }),
    },
    ...(resumeFrom === undefined
      ? {}
      : { annotations: { [ANNOTATION.resumeFrom]: formatResumePoint(resumeFrom) } }),
    finalizers: [FINALIZER],
    ownerReferences: marks.ownerReferences,
  };
}

function podSpec(plan: PodPlan, image: string, streams: Streams | undefined): PodManifest['spec'] {
  const { experiment, trial, attempt, profile, resumeFrom } = plan;
  const { trainer, data } = experiment.spec;
  const allowed = profile?.spec;
  const name = attemptName({ trialUid: trial.metadata.uid, attempt });
  const folders = podFolders(experiment, profile, streams && name);
  const fetches = data?.s3 !== undefined || resumeFrom !== undefined;
  const initContainers = streams && [
    ...(fetches ? [fetchContainer(plan, folders, streams)] : []),
    ...(trainer.sidecar ? [courierContainer(plan, folders, streams)] : []),
  ];
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: Math.ceil(durationMs(trainer.gracePeriod) / 1000),
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    ...(initContainers === undefined || initContainers.length === 0 ? {} : { initContainers }),
    containers: [trainerContainer(plan, image, folders, streams)],
    volumes: Object.values(folders).map(({ volume }) => volume),
    ...optional('nodeSelector', allowed?.nodeSelector),
    ...optional('tolerations', allowed?.tolerations),
    ...optional('runtimeClassName', allowed?.runtimeClassName),
    ...optional('priorityClassName', allowed?.priorityClassName),
    ...optional('serviceAccountName', allowed?.serviceAccountName),
    ...optional(
      'imagePullSecrets',
      allowed?.imagePullSecrets?.map((secret) => ({ name: secret })),
    ),
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

function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: V });
}

function refused(reason: PodRefusal, message: string): PodTemplate {
  return { kind: 'refused', reason, message };
}
