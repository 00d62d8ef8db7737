import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { KubeObject, Pod } from '../../kit/kube-types.ts';
import { startProcess } from '../../kit/own-process.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  experimentsPath,
  makeNamespace,
  podsIn,
} from '../k8s/objects.ts';
import { NAMESPACE, render } from './helm.ts';

const program = join(import.meta.dirname, '../../../controller/src/main.ts');
const ACCOUNT = 'espalier-uninstall';
const CONTROLLER = 'espalier-controller';
const FINALIZER = 'espalier.dev/accounting';
const OTHER = 'example.org/theirs';

describe('an uninstallation without a controller', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'uninstall', nodes: false, audit: true });

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await plane.kubectl(['create', 'namespace', NAMESPACE]);
    for (const name of ['team-a', 'team-b']) await makeNamespace(plane.client, name);
    const objects = await render({ namespaces: ['team-a'] });
    const rights = objects.filter(
      ({ kind, metadata }) => metadata.name?.startsWith(ACCOUNT) && kind !== 'Job',
    );
    await plane.kubectl(
      ['apply', '-f', '-'],
      rights.map((one) => JSON.stringify(one)).join('\n---\n'),
    );
  });

  async function uninstall(...args: string[]): Promise<{ code: number | null; output: string }> {
    const { plane } = cluster;
    const token = await plane.serviceAccountToken(NAMESPACE, ACCOUNT);
    const kubeconfig = plane.writeKubeconfig(ACCOUNT, token);
    const context = ['set-context', '--current', `--namespace=${NAMESPACE}`];
    await plane.kubectl(['config', ...context, `--kubeconfig=${kubeconfig}`]);
    const process = await startProcess({
      name: ACCOUNT,
      command: globalThis.process.execPath,
      args: [
        ...['--conditions=@espalier/source', program, 'uninstall', ...args],
        `--kubeconfig=${kubeconfig}`,
      ],
      logFile: plane.folder.file(`${ACCOUNT}.log`),
    });
    const { exitCode } = await process.ended;
    return { code: exitCode, output: process.tail() };
  }

  /** An Experiment and a pod of its Trial, as a controller left them that died. */
  async function leftovers(namespace: string): Promise<void> {
    const { client, kubectl } = cluster.plane;
    await createExperiment(client, namespace, 'e');
    const held = JSON.stringify({ metadata: { finalizers: [OTHER, FINALIZER] } });
    await kubectl(['patch', '-n', namespace, 'experiment/e', '--type=merge', '-p', held]);
    await client.create(`/api/v1/namespaces/${namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'e-00000-a0',
        labels: { 'espalier.dev/trial': 'e-00000' },
        finalizers: [FINALIZER],
      },
      spec: { containers: [{ name: 'trainer', image: 'localhost/trainer:1' }] },
    });
  }

  const finalizersOf = async (namespace: string) =>
    (await cluster.plane.client.get<KubeObject>(experimentsPath(namespace, 'e'))).metadata
      .finalizers;
  const pods = async (namespace: string): Promise<readonly Pod[]> =>
    (await podsIn(cluster.plane.client, namespace)).items;

  test('G5 it gives up after its time and lets everything of ours go', async (context) => {
    await leftovers('team-a');
    await leftovers('team-b');
    const { code, output } = await uninstall('--namespaces=team-a', '--timeout=2s');
    assert.equal(code, 0, output);
    assert.match(output, /the time is over: 1 experiments and 1 pods have not ended/);
    assert.deepEqual(await finalizersOf('team-a'), [OTHER], 'what others hold stays held');
    await waitFor(async () => (await pods('team-a')).length === 0, { what: 'the pod is gone' });
    assert.deepEqual(await finalizersOf('team-b'), [OTHER, FINALIZER], 'not its namespace');
    assert.equal((await pods('team-b')).length, 1);
    const { spec } = (await cluster.plane.client.get(
      experimentsPath('team-a', 'e'),
    )) as unknown as {
      spec: { desiredState: string };
    };
    assert.equal(spec.desiredState, 'Cancel');
    const user = `system:serviceaccount:${NAMESPACE}:${ACCOUNT}`;
    const asked = cluster.plane.auditEntries().filter((entry) => entry.user === user);
    assert.ok(
      asked.every((entry) => entry.code < 300),
      'nothing was refused',
    );
    context.diagnostic(output.split('\n').join('; '));
  });

  test('the controller, its Lease and the profiles of the release go, but for one in use', async (context) => {
    const { client, kubectl } = cluster.plane;
    const labels = {
      'app.kubernetes.io/name': 'espalier',
      'app.kubernetes.io/instance': 'espalier',
    };
    const objects = [
      ...(await render({ namespaces: ['team-a'] })).filter(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === CONTROLLER,
      ),
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: CONTROLLER, namespace: NAMESPACE },
      },
      ...['unused', 'used', 'theirs'].map((name) => ({
        apiVersion: 'espalier.dev/v1alpha1',
        kind: 'TrainerProfile',
        metadata: { name, namespace: 'team-a', labels: name === 'theirs' ? {} : labels },
        spec: {},
      })),
    ];
    await kubectl(['apply', '-f', '-'], objects.map((one) => JSON.stringify(one)).join('\n---\n'));
    await createExperiment(client, 'team-a', 'needs', { trainer: { profile: 'used' } });
    const args = ['--namespaces=team-a', '--timeout=1s', `--controller=${CONTROLLER}`];
    const selector =
      '--profiles=app.kubernetes.io/name=espalier,app.kubernetes.io/instance=espalier';
    for (const _ of ['first', 'again']) {
      const { code, output } = await uninstall(...args, selector);
      assert.equal(code, 0, output);
      context.diagnostic(output.split('\n').join('; '));
    }
    const { spec } = await client.get<KubeObject & { spec: { replicas: number } }>(
      `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${CONTROLLER}`,
    );
    assert.equal(spec.replicas, 0);
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/${CONTROLLER}`;
    assert.equal((await client.request('GET', lease)).status, 404);
    const profiles = '/apis/espalier.dev/v1alpha1/namespaces/team-a/trainerprofiles';
    const left = (await client.list<KubeObject>(profiles)).items;
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      ['theirs', 'used'],
    );
  });

  test('it can be repeated', async () => {
    const { code, output } = await uninstall('--namespaces=team-a', '--timeout=1s');
    assert.equal(code, 0, output);
  });

  test('a missing right is an error and no silence', async () => {
    const { code, output } = await uninstall('--namespaces=team-b', '--timeout=1s');
    assert.equal(code, 1);
    assert.match(output, /forbidden/);
  });
});
