import { mkdirSync } from 'node:fs';
import type { ControlPlane } from '../control-plane.ts';
import { NODE_NAME } from './node-box.ts';

/** How many claims can be bound: a volume that was used is not given out again. */
const COUNT = 8;

/**
 * Makes a default StorageClass and folders of this machine as its volumes. They are `local` volumes, whose
 * group the kubelet sets as a pod's `fsGroup` asks; nothing limits what they take.
 */
export async function offerVolumes(plane: ControlPlane, folder: string): Promise<void> {
  await plane.client.create('/apis/storage.k8s.io/v1/storageclasses', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: 'local',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_NAME] };
  for (let index = 0; index < COUNT; index++) {
    const path = `${folder}/${index}`;
    mkdirSync(path, { recursive: true });
    await plane.client.create('/api/v1/persistentvolumes', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `local-${index}` },
      spec: {
        capacity: { storage: '100Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'local',
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
      },
    });
  }
}
