import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCluster } from '@espalier/controller/remote';
import { ClusterClient } from './cluster-client.ts';
import { type Answer, refused, useApiServer } from './testing/api-server.ts';
import { experiment, trialView } from './testing/objects.ts';

const DIGITS = { namespace: 'team', name: 'digits' };
const { signal } = new AbortController();

function digits(uid: string) {
  const { metadata, ...rest } = experiment({ namespace: 'team', status: {} });
  return { ...rest, metadata: { ...metadata, uid } };
}

function trialOf(uid: string, index: number) {
  const { metadata, ...rest } = trialView(index).trial;
  const owner = { apiVersion: 'espalier.dev/v1alpha1', kind: 'Experiment', name: 'digits', uid };
  const ownerReferences = [{ ...owner, controller: true }];
  return { ...rest, metadata: { ...metadata, namespace: 'team', ownerReferences } };
}

const ok = (body: unknown): Answer => ({ code: 200, body });

test('U what was read is not read again, and its Trials are not those of a later namesake', async (t) => {
  let uid = 'first';
  const { kubeconfig, asked } = await useApiServer(t, ({ method, path }) => {
    if (method === 'DELETE') return refused(409, 'Conflict', 'the UID in the precondition differs');
    if (path.endsWith('/trials')) {
      const items = [trialOf('first', 0), trialOf('second', 1)];
      return ok({ items, metadata: { resourceVersion: '1' } });
    }
    if (path.endsWith('/digits')) return ok(digits(uid));
    return ok({ items: [digits(uid)], metadata: { resourceVersion: '1' } });
  });
  const cluster = openCluster({ kubeconfig: [kubeconfig] });
  t.after(() => cluster.close());
  const client = new ClusterClient(cluster, 'team', signal);
  const names = async () => (await client.trials(DIGITS)).map(({ trial }) => trial.metadata.name);
  const paths = () => asked.splice(0).map(({ method, path }) => `${method} ${path.slice(28)}`);

  await client.experiment(DIGITS);
  uid = 'second';
  assert.deepEqual(await names(), ['digits-00000']);
  assert.deepEqual(paths(), [
    'GET namespaces/team/experiments/digits',
    'GET namespaces/team/trials',
  ]);
  await assert.rejects(client.deleteExperiment(DIGITS), /UID/);
  assert.equal(JSON.parse(asked.splice(0)[0]?.body ?? '{}').preconditions.uid, 'first');

  await client.experiments();
  assert.deepEqual(await names(), ['digits-00001']);
  assert.deepEqual(paths(), ['GET namespaces/team/experiments', 'GET namespaces/team/trials']);

  const fresh = new ClusterClient(cluster, 'team', signal);
  assert.equal((await fresh.trials(DIGITS)).length, 1);
  assert.equal(paths()[0], 'GET namespaces/team/experiments/digits');
});
