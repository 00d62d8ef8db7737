import type { Experiment, TrainerProfile } from '@espalier/api';
import type { PodVolume, VolumeMount } from './pod-manifest.ts';

/** Where a trainer and the couriers beside it find things in their pod. */
export const POD_PATH = {
  data: '/espalier/data',
  out: '/espalier/out',
  resume: '/espalier/resume',
  run: '/espalier/run',
  credentials: '/espalier/credentials',
  dataCache: '/espalier/data-cache',
  terminationLog: '/dev/termination-log',
  temporary: '/tmp',
  /** Loaders that pass batches between processes need more than the runtime's 64 MiB. */
  sharedMemory: '/dev/shm',
} as const;

/** A folder of the pod: where it comes from, and where every container sees it. */
interface PodFolder {
  readonly volume: PodVolume;
  readonly mount: VolumeMount;
}

/** The folders of one pod by name. */
export type PodFolders = Readonly<
  Record<'data' | 'out' | 'resume' | 'run' | 'tmp' | 'shm', PodFolder>
> & {
  /** Only if somebody in it talks to NATS. */
  readonly credentials?: PodFolder;
  /** Only if data is fetched, and the administrator gave a volume for it. */
  readonly dataCache?: PodFolder;
};

/** @param secretName holds the attempt's credentials; absent = there are none. */
export function podFolders(
  { spec }: Experiment,
  profile: TrainerProfile | undefined,
  secretName: string | undefined,
): PodFolders {
  const claim = spec.data?.persistentVolumeClaim;
  const cache = spec.data?.s3 === undefined ? undefined : profile?.spec.dataCacheClaim;
  return {
    out: scratch('out', POD_PATH.out),
    resume: scratch('resume', POD_PATH.resume),
    run: scratch('run', POD_PATH.run),
    tmp: scratch('tmp', POD_PATH.temporary),
    shm: {
      volume: { name: 'shm', emptyDir: { medium: 'Memory' } },
      mount: { name: 'shm', mountPath: POD_PATH.sharedMemory },
    },
    data: claim === undefined ? scratch('data', POD_PATH.data) : claimed(claim),
    ...(secretName === undefined ? {} : { credentials: secret(secretName) }),
    ...(cache === undefined ? {} : { dataCache: writable('data-cache', cache) }),
  };
}

export function readOnly({ mount }: PodFolder): VolumeMount {
  return { ...mount, readOnly: true };
}

function scratch(name: string, mountPath: string): PodFolder {
  return { volume: { name, emptyDir: {} }, mount: { name, mountPath } };
}

function claimed({ claimName, subPath }: { claimName: string; subPath?: string | undefined }) {
  const mount = { name: 'data', mountPath: POD_PATH.data, readOnly: true };
  return {
    volume: { name: 'data', persistentVolumeClaim: { claimName, readOnly: true } } as const,
    mount: subPath === undefined ? mount : { ...mount, subPath },
  };
}

function writable(name: string, claimName: string): PodFolder {
  return {
    volume: { name, persistentVolumeClaim: { claimName } },
    mount: { name, mountPath: POD_PATH.dataCache },
  };
}

/**
 * Readable for every user of the containers that mount it, whichever user an image runs as: a group
 * for the pod (fsGroup) would do too, but clusters that hand out groups refuse one that we choose.
 */
function secret(secretName: string): PodFolder {
  return {
    volume: { name: 'credentials', secret: { secretName, defaultMode: 0o444 } },
    mount: { name: 'credentials', mountPath: POD_PATH.credentials, readOnly: true },
  };
}
