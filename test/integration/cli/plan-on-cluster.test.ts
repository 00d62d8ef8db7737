import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds, createExperiment, experimentsPath, makeNamespace } from '../k8s/objects.ts';
import { Sandbox } from './sandbox.ts';

const QUOTA = '/api/v1/namespaces/team/resourcequotas';

describe('espalier plan on a cluster', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'cli-plan', nodes: false, users: [{ name: 'narrow' }] });
  let kubeconfig = '';
  let narrow = '';

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    // It learns only every 30 s of kinds that quotas may count, and at its start.
    await plane.restart('controller-manager');
    for (const name of ['team', 'free', 'gpus']) await makeNamespace(plane.client, name);
    kubeconfig = plane.writeKubeconfig('person', plane.token('admin'));
    narrow = plane.writeKubeconfig('narrow', plane.token('narrow'));
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/team';
    await plane.client.create(`${rbac}/roles`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'narrow' },
      rules: [
        {
          apiGroups: ['espalier.dev'],
          resources: ['experiments', 'trials'],
          verbs: ['get', 'list'],
        },
      ],
    });
    await plane.client.create(`${rbac}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'narrow' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'narrow' },
      subjects: [{ kind: 'User', name: 'narrow' }],
    });
  });

  const plan = (t: TestContext, namespace: string, config = kubeconfig, ...more: string[]) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 12, parallel: 4 });
    if (namespace === 'gpus') {
      const path = join(sandbox.dir, file);
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        text.replace('trainer: {', 'trainer: { profile: big, resources: { gpu: 2 },'),
      );
    }
    const words = ['plan', '-f', file, '--kubeconfig', config, '-n', namespace, ...more];
    return sandbox.start(words).ended;
  };

  test('U a quota that the server has counted tells how many trials run at once', async (t) => {
    const { client } = cluster.plane;
    await client.create(QUOTA, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small' },
      spec: {
        hard: {
          'count/pods': '3',
          secrets: '100',
          'limits.cpu': '64',
          'count/trials.espalier.dev': '10',
        },
      },
    });
    await client.create('/api/v1/namespaces/team/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'other' },
      spec: {
        containers: [
          { name: 'c', image: 'i', resources: { requests: { cpu: '1' }, limits: { cpu: '1' } } },
        ],
      },
    });
    await waitFor(
      async () => {
        const { status } = (await client.get(`${QUOTA}/small`)) as {
          status?: { used?: Record<string, string> };
        };
        return status?.used?.['count/pods'] === '1';
      },
      { what: 'the server has counted the pod' },
    );
    const ran = await plan(t, 'team');
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /^quota: +2 of 4 at once, 3 if nothing else ran/m);
    assert.match(ran.stdout.replaceAll(/\s+/g, ' '), /small: 1 of 3 count\/pods used, 1 a trial/);
    assert.match(ran.stderr, /room for 10 more of count\/trials\.espalier\.dev, and 12 are needed/);
    assert.match(
      ran.stderr,
      /quota small counts limits\.cpu: without spec\.trainer\.resources\.cpu/,
    );
    const json = await plan(t, 'team', kubeconfig, '--json', '--seconds-per-epoch', '10');
    const { quota, estimate } = JSON.parse(json.stdout);
    assert.deepEqual([quota.atOnce, quota.atOnceAlone], [2, 3]);
    assert.equal(estimate.atMostSeconds, (12 / 2) * 4 * 10);
    t.diagnostic(ran.stdout);
    t.diagnostic(ran.stderr);
  });

  test('U no quota, and no right to read one, are told and are no error', async (t) => {
    const free = await plan(t, 'free');
    assert.equal(free.exitCode, 0, free.stderr);
    assert.match(free.stdout, /^quota: +none in namespace free$/m);
    const hidden = await plan(t, 'team', narrow);
    assert.equal(hidden.exitCode, 0, hidden.stderr);
    assert.match(hidden.stdout, /^quota: +not known: it needs the verb list on resourcequotas/m);
  });

  test('U what a profile sets is counted, and one that is not there is told', async (t) => {
    const { client } = cluster.plane;
    await client.create('/api/v1/namespaces/gpus/resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'gpus' },
      spec: { hard: { 'requests.amd.com/gpu': '7', 'requests.memory': '64Gi' } },
    });
    const missing = await plan(t, 'gpus');
    assert.equal(missing.exitCode, 0, missing.stderr);
    assert.match(missing.stderr, /there is no TrainerProfile big in namespace gpus/);
    await client.create('/apis/espalier.dev/v1alpha1/namespaces/gpus/trainerprofiles', {
      apiVersion: 'espalier.dev/v1alpha1',
      kind: 'TrainerProfile',
      metadata: { name: 'big' },
      spec: { gpuResourceName: 'amd.com/gpu', resources: { cpu: '4', memory: '16Gi' } },
    });
    const ran = await plan(t, 'gpus');
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.equal(ran.stderr, '');
    assert.match(
      ran.stdout,
      /^quota: +3 of 4 at once \(gpus: 0 of 7 requests\.amd\.com\/gpu used, 2 a trial\)$/m,
    );
  });

  test('U an Experiment that exists is planned as well, and nothing is written', async (t) => {
    const { plane } = cluster;
    await createExperiment(plane.client, 'free', 'digits', { trials: { max: 12 } });
    const ran = await plan(t, 'free');
    assert.equal(ran.exitCode, 0, ran.stderr);
    const { metadata } = await plane.client.get(experimentsPath('free', 'digits'));
    assert.deepEqual((metadata as { generation?: number }).generation, 1);
  });
});
