import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createApiClient } from '../../kit/api-client.ts';
import { usedGrants } from '../../kit/audit-log.ts';
import { type Component, startControlPlane } from '../../kit/control-plane.ts';
import type { KubeObject } from '../../kit/kube-types.ts';
import { signalGroup, startTimeOf } from '../../kit/own-process.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const COMPONENTS: readonly Component[] = ['etcd', 'apiserver', 'controller-manager', 'scheduler'];

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMap = (name: string, value = 'a') => ({ metadata: { name }, data: { value } });

describe('the control plane', { skip: whyNoTools() }, () => {
  const cluster = useCluster({
    label: 'main',
    audit: true,
    users: [{ name: 'eve' }],
    nodes: false,
  });

  test('is ready within 10 seconds, whatever runs beside it', (t) => {
    const seconds = (cluster.plane.startedInMs / 1000).toFixed(1);
    t.diagnostic(`control plane ready in ${seconds} s`);
    assert.ok(cluster.plane.startedInMs < 10_000, `${seconds} s`);
  });

  test('a second one runs side by side, and nothing of it is left after stop', async (t) => {
    const other = await startControlPlane({ label: 'other' });
    t.diagnostic(`second control plane ready in ${(other.startedInMs / 1000).toFixed(1)} s`);
    const pids = COMPONENTS.map((component) => other.process(component).pid);
    await other.client.create(CONFIG_MAPS, configMap('only-here'));
    assert.equal(
      (await cluster.plane.client.request('GET', `${CONFIG_MAPS}/only-here`)).status,
      404,
    );
    await other.stop();
    assert.deepEqual(
      pids.filter((pid) => signalGroup(pid, 0)),
      [],
    );
    assert.equal(existsSync(other.folder.path), false);
  });

  test('a token user may do what its groups may, and the audit log names it', async () => {
    const { plane } = cluster;
    const admin = createApiClient(plane.url, plane.ca, {
      kind: 'token',
      token: plane.token('admin'),
    });
    const eve = createApiClient(plane.url, plane.ca, { kind: 'token', token: plane.token('eve') });
    await admin.create(CONFIG_MAPS, configMap('by-admin'));
    assert.equal((await eve.request('GET', CONFIG_MAPS)).status, 403);
    const namespace = '/api/v1/namespaces/default';
    const kubeAccount = await plane.serviceAccountToken('default', 'default');
    const account = createApiClient(plane.url, plane.ca, { kind: 'token', token: kubeAccount });
    assert.equal((await account.request('GET', `${namespace}/pods`)).status, 403);
    const forbidden = await waitFor(
      () =>
        plane.auditEntries().filter(({ code }) => code === 403).length >= 2 && plane.auditEntries(),
      { what: 'the audit log has both refusals' },
    );
    assert.deepEqual(usedGrants(forbidden, 'admin'), ['create configmaps']);
    assert.deepEqual(usedGrants(forbidden, 'eve'), []);
    assert.ok(
      forbidden.some(({ user }) => user === 'system:serviceaccount:default:default'),
      'the service account is named',
    );
    for (const client of [admin, eve, account]) client.close();
  });

  test('kubectl reads a manifest from its input', async () => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', ...configMap('applied') };
    const output = await cluster.plane.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
    assert.equal(output.trim(), 'configmap/applied created');
  });

  test('F5 the API server and etcd keep their data over a SIGKILL', async () => {
    const { plane } = cluster;
    const before = await plane.client.create<ConfigMap>(CONFIG_MAPS, configMap('kept'));
    for (const component of ['apiserver', 'etcd'] as const) {
      await plane.restart(component);
      const kept = await waitFor(() => plane.client.get<ConfigMap>(`${CONFIG_MAPS}/kept`), {
        what: `the API server answers after a restart of ${component}`,
      });
      assert.equal(kept.metadata.uid, before.metadata.uid);
    }
  });

  test('F6 after a compaction an old resourceVersion is gone', async () => {
    const { plane } = cluster;
    const old = await plane.client.create<ConfigMap>(CONFIG_MAPS, configMap('compacted'));
    const list = `${CONFIG_MAPS}?resourceVersionMatch=Exact&resourceVersion=${old.metadata.resourceVersion}`;
    assert.equal((await plane.client.request('GET', list)).status, 200);
    await plane.client.replace(`${CONFIG_MAPS}/compacted`, configMap('compacted', 'b'));
    await plane.compact();
    await plane.restart('apiserver');
    assert.equal((await plane.client.request('GET', list)).status, 410);
    const watch = `${CONFIG_MAPS}?watch=true&resourceVersion=${old.metadata.resourceVersion}`;
    const first = await plane.client.watch(watch).next();
    assert.equal(first.value?.object.code, 410);
  });

  test('a paused API server answers after it is resumed', async () => {
    const { plane } = cluster;
    plane.process('apiserver').pause();
    const signal = AbortSignal.timeout(300);
    await assert.rejects(plane.client.request('GET', '/readyz', { signal }));
    plane.process('apiserver').resume();
    assert.equal((await plane.client.request('GET', '/readyz')).status, 200);
  });

  test('nothing is left behind when the test process is killed', async () => {
    const program = `
      import { startControlPlane } from ${JSON.stringify(join(import.meta.dirname, '../../kit/control-plane.ts'))};
      const plane = await startControlPlane({ label: 'killed' });
      const pids = ${JSON.stringify(COMPONENTS)}.map((component) => plane.process(component).pid);
      console.log(JSON.stringify({ pids, folder: plane.folder.path }));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { pids, folder } = JSON.parse(line.toString('utf8')) as {
      pids: number[];
      folder: string;
    };
    assert.equal(pids.filter(startTimeOf).length, COMPONENTS.length);
    child.kill('SIGKILL');
    await waitFor(() => pids.every((pid) => startTimeOf(pid) === undefined), {
      what: 'the processes of the killed test have ended',
      timeoutMs: 5_000,
    });
    // The next start sweeps the folder.
    const other = await startControlPlane({ label: 'sweeper' });
    await other.stop();
    assert.equal(existsSync(folder), false);
  });
});
