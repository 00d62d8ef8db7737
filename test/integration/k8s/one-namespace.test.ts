import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  scriptPods,
  trialsIn,
} from './objects.ts';
import { bearerAccess, type Program, startProgram } from './program.ts';

describe('a controller of chosen namespaces', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'chosen', audit: true });
  let proxy: FaultProxy;
  let program: Program;

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    for (const namespace of ['espalier-system', 'ours', 'also-ours', 'theirs']) {
      await makeNamespace(plane.client, namespace);
    }
    await plane.kubectl(['apply', '-f', 'manifests/rbac']);
    // A RoleBinding and no ClusterRoleBinding: rights in two namespaces, none elsewhere.
    for (const namespace of ['ours', 'also-ours']) {
      await plane.kubectl([
        ...['create', 'rolebinding', 'espalier', '-n', namespace],
        ...['--clusterrole=espalier-controller', '--serviceaccount=espalier-system:default'],
      ]);
    }
    const token = await plane.serviceAccountToken('espalier-system', 'default');
    proxy = await startKubeProxy(plane, {
      rules: [scriptPods(() => ({ message: lastWords(0.5) }))],
    });
    program = startProgram(bearerAccess(plane, proxy.url, token), {
      namespaces: ['ours', 'also-ours'],
    });
    await program.controller.ready;
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
  });

  test('G13 K2 it runs what is there, asks for nothing elsewhere, and mixes no names', async (t) => {
    const { client } = cluster.plane;
    for (const namespace of ['theirs', 'ours', 'also-ours']) {
      await createExperiment(client, namespace, 'same', { trials: { max: 3, parallel: 2 } });
    }
    for (const namespace of ['ours', 'also-ours']) {
      const ended = await experimentEnded(client, namespace, 'same');
      assert.equal(ended.status?.phase, 'Succeeded');
      assert.equal((await trialsIn(client, namespace)).length, 3);
    }
    const left = await client.get(experimentsPath('theirs', 'same'));
    assert.equal((left as { status?: unknown }).status, undefined);
    assert.deepEqual(await trialsIn(client, 'theirs'), []);
    const user = 'system:serviceaccount:espalier-system:default';
    const asked = cluster.plane.auditEntries().filter((entry) => entry.user === user);
    const namespaces = [...new Set(asked.map(({ namespace }) => namespace))].sort();
    t.diagnostic(`${asked.length} requests, in: ${namespaces.join(', ')}`);
    assert.deepEqual(
      asked.filter(({ code }) => code === 403),
      [],
    );
    assert.deepEqual(namespaces, ['also-ours', 'ours']);
  });
});
