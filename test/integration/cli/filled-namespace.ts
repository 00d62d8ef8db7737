import { LABEL } from '@espalier/api';
import type { ControlPlane } from '../../kit/control-plane.ts';
import { createExperiment, experimentsPath, makeNamespace, trialsPath } from '../k8s/objects.ts';

/** Values of the Trials of `done`; the one without has failed. */
const VALUES = [0.1, 0.4, 0.3, 0.2, undefined];

/** A namespace with the Experiment `done`, which has ended, and one for each verb that steers. */
export async function fillNamespace(plane: ControlPlane, namespace: string): Promise<void> {
  const { client } = plane;
  await makeNamespace(client, namespace);
  for (const verb of ['pause', 'resume', 'stop', 'cancel', 'delete']) {
    const desiredState = verb === 'resume' ? 'Pause' : 'Run';
    await createExperiment(client, namespace, `to-${verb}`, { desiredState });
  }
  const trials = { max: VALUES.length, parallel: 1 };
  const { metadata } = await createExperiment(client, namespace, 'done', { trials });
  await Promise.all(
    VALUES.map((value, index) => addTrial(plane, namespace, metadata.uid ?? '', index, value)),
  );
  const best = { trial: 'done-00001', configuration: 1, value: 0.4, step: 40, parameters: lr(1) };
  await client.patch(`${experimentsPath(namespace, 'done')}/status`, 'merge-patch', {
    status: {
      phase: 'Succeeded',
      reason: 'MaxTrialsReached',
      message: 'all trials ended',
      completionTime: '2026-01-01T00:01:00Z',
      best,
    },
  });
}

async function addTrial(
  { client }: ControlPlane,
  namespace: string,
  uid: string,
  index: number,
  value: number | undefined,
): Promise<void> {
  const name = `done-0000${index}`;
  const owner = { apiVersion: 'espalier.dev/v1alpha1', kind: 'Experiment', name: 'done', uid };
  await client.create(trialsPath(namespace), {
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Trial',
    metadata: {
      name,
      namespace,
      labels: { [LABEL.experiment]: 'done' },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      ...{ index, configuration: index, replicate: 0 },
      ...{ parameters: lr(index), algorithm: 'random@1' },
    },
  });
  await client.patch(`${trialsPath(namespace, name)}/status`, 'merge-patch', {
    status:
      value === undefined
        ? { phase: 'Failed', reason: 'ProgramError', attempts: [{ number: 0, outcome: 'Failed' }] }
        : {
            phase: 'Succeeded',
            reason: 'Completed',
            observation: { value, step: 40, epoch: 4, lastStep: 40, lastEpoch: 4, points: 4 },
            attempts: [{ number: 0, outcome: 'Succeeded' }],
          },
  });
}

function lr(index: number): readonly object[] {
  return [{ name: 'lr', float: 0.01 + index / 100 }];
}

/** Lets a user look at everything there that the verbs look at, and change nothing. */
export async function readersRole(
  { client }: ControlPlane,
  namespace: string,
  user: string,
): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const verbs = ['get', 'list', 'watch'];
  await client.create(`${rbac}/roles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: user },
    rules: [
      { apiGroups: ['espalier.dev'], resources: ['experiments', 'trials'], verbs },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs },
      { apiGroups: [''], resources: ['pods', 'pods/log', 'resourcequotas'], verbs },
    ],
  });
  await client.create(`${rbac}/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: user },
    subjects: [{ kind: 'User', name: user }],
  });
}

/** Every Experiment of the namespace, with what its next write would change. */
export async function versionsOf({ client }: ControlPlane, namespace: string): Promise<object> {
  const { items } = await client.list(experimentsPath(namespace));
  return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}
