import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import type { KubeObject, Pod } from '../../kit/kube-types.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  podsIn,
  trialsIn,
} from '../k8s/objects.ts';
import { NAMESPACE, RELEASE } from './helm.ts';
import { apply, HERE, ours, useChartRig } from './installed.ts';

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const secretPath = (name: string) => `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`;
const TRAINS = `printf %s '${lastWords(0.5)}' > "$ESPALIER_TERMINATION_LOG"`;
const WAITS = 'trap "exit 10" TERM; while :; do sleep 0.1; done';
const FINALIZER = 'espalier.dev/accounting';

describe('the chart, installed', { skip: whyNoTools() }, () => {
  const rig = useChartRig('install');
  let broken = false;

  /** The steps of one story: what comes after a broken one would say nothing. */
  function step(name: string, act: (context: TestContext) => Promise<void>): void {
    test(name, async (context) => {
      if (broken) return context.skip('an earlier step failed');
      broken = true;
      await act(context);
      broken = false;
    });
  }

  const run = (name: string, script: string) =>
    createExperiment(rig.plane.client, 'team', name, {
      trials: { max: 1 },
      deadlines: { metrics: '1s' },
      attempts: { maxRetries: 0 },
      trainer: { args: ['-c', script], gracePeriod: '5s' },
    });
  const runningPod = (name: string) =>
    waitFor(
      async () => {
        const { items } = await podsIn(rig.plane.client, 'team');
        return items.find(
          ({ metadata, status }) =>
            metadata.labels?.['espalier.dev/experiment'] === name && status?.phase === 'Running',
        );
      },
      { what: `a pod of ${name} runs` },
    );
  const controllers = async (): Promise<Pod[]> => {
    const { items } = await rig.plane.client.list<Pod>(
      `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=app.kubernetes.io/component=controller`,
    );
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  const settings = async (): Promise<string> => {
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps/espalier-controller`;
    const { data } = await rig.plane.client.get<Secret>(path);
    return data['config.yaml'] ?? '';
  };

  step(
    'helm install brings two replicas, keys made once, and the next commands',
    async (context) => {
      const { client } = rig.plane;
      await makeNamespace(client, 'team');
      const { code, stdout, stderr } = await rig.helm(apply('install'), HERE);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /NOT FOR PRODUCTION/);
      assert.match(stdout, /helm -n espalier-system test espalier/);
      assert.equal((await controllers()).length, 2);
      const keys = await client.get<Secret>(secretPath('espalier-nats-keys'));
      for (const name of ['accounts.conf', 'server.crt', 'server.key', 'trainer.seed', 'ca.crt']) {
        assert.ok((keys.data[name] ?? '').length > 0, name);
      }
      const there = await ours(rig.plane);
      assert.deepEqual(
        there.filter((name) => name.includes('create-secrets')),
        [],
        'the hook is gone',
      );
      context.diagnostic(`${there.length} objects`);
    },
  );

  step('an Experiment runs with the rights that the chart gives', async () => {
    const { client } = rig.plane;
    await run('first', TRAINS);
    const ended = await experimentEnded(client, 'team', 'first');
    assert.equal(ended.status?.phase, 'Succeeded');
  });

  step('helm test runs an Experiment and cleans up', async () => {
    const { code, stdout, stderr } = await rig.helm(['test', RELEASE, '--timeout', '60s']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Phase:\s+Succeeded/);
    await waitFor(
      async () => (await rig.plane.client.list(experimentsPath(NAMESPACE))).items.length === 0,
      { what: 'its Experiment is gone' },
    );
  });

  step('G9 an upgrade in the middle of an Experiment keeps keys and trials', async (context) => {
    const { client } = rig.plane;
    await run('middle', WAITS);
    const before = await runningPod('middle');
    const keys = await client.get<Secret>(secretPath('espalier-nats-keys'));
    const old = new Set((await controllers()).map(({ metadata }) => metadata.uid));
    const { code, stderr } = await rig.helm([...apply('upgrade'), '--reset-then-reuse-values'], {
      controller: { workers: 4 },
      trainerProfiles: [{ name: 'gpu', namespace: 'team', spec: { gpuResourceName: 'a.com/gpu' } }],
    });
    assert.equal(code, 0, stderr);
    assert.match(await settings(), /^workers: 4$/m);
    const now = await waitFor(
      async () => {
        const pods = await controllers();
        return pods.length === 2 && pods.every(({ metadata }) => !old.has(metadata.uid)) && pods;
      },
      { what: 'the replicas are new' },
    );
    const same = await client.get<Secret>(secretPath('espalier-nats-keys'));
    assert.equal(same.metadata.uid, keys.metadata.uid);
    assert.deepEqual(same.data, keys.data);
    await client.get('/apis/espalier.dev/v1alpha1/namespaces/team/trainerprofiles/gpu');
    assert.equal((await runningPod('middle')).metadata.uid, before.metadata.uid);
    context.diagnostic(`${now.length} replicas replaced, 1 trial untouched`);
  });

  step('a rollback brings the settings back', async () => {
    const back = ['rollback', RELEASE, '1', '--wait', '--timeout', '120s'];
    const { code, stderr } = await rig.helm(back);
    assert.equal(code, 0, stderr);
    assert.match(await settings(), /^workers: 8$/m);
    await run('after', TRAINS);
    const ended = await experimentEnded(rig.plane.client, 'team', 'after');
    assert.equal(ended.status?.phase, 'Succeeded');
  });

  step(
    'G5 an uninstallation ends what runs and leaves the records and nothing else',
    async (context) => {
      const { plane } = rig;
      const { client } = plane;
      assert.ok((await runningPod('middle')).metadata.finalizers?.includes(FINALIZER));
      const { code, stderr } = await rig.helm([
        'uninstall',
        RELEASE,
        '--wait',
        '--timeout',
        '120s',
      ]);
      assert.equal(code, 0, stderr);
      const middle = (await client.get(experimentsPath('team', 'middle'))) as unknown as Experiment;
      assert.equal(middle.status?.phase, 'Cancelled');
      const { items } = await client.list<KubeObject>(experimentsPath('team'));
      const trials = await trialsIn(client, 'team');
      assert.deepEqual([items.length, trials.length], [3, 3]);
      const pods = (await podsIn(client, 'team')).items;
      const held = [...items, ...pods].filter(({ metadata }) =>
        metadata.finalizers?.includes(FINALIZER),
      );
      assert.deepEqual(held, []);
      await waitFor(async () => (await ours(plane)).length === 0, { what: 'nothing else is left' });
      const lease = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/espalier-controller`;
      assert.equal((await client.request('GET', lease)).status, 404);
      context.diagnostic(`left: ${items.length} experiments, ${trials.length} trials`);
    },
  );

  step('what was left can be installed upon, and deleted', async () => {
    const { client } = rig.plane;
    const { code, stderr } = await rig.helm(apply('install'), HERE);
    assert.equal(code, 0, stderr);
    await run('again', TRAINS);
    const ended = await experimentEnded(client, 'team', 'again');
    assert.equal(ended.status?.phase, 'Succeeded');
    await client.remove(experimentsPath('team', 'middle'));
    await waitFor(
      async () => (await client.request('GET', experimentsPath('team', 'middle'))).status === 404,
      { what: 'it is gone' },
    );
  });
});
