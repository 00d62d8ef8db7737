import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  trialsIn,
} from './objects.ts';
import { watchPods } from './pod-witness.ts';
import { endAll, placeOf, podCreations, podRuns, runningPods, useRig } from './pods-rig.ts';

const busy = { runFor: 'never', message: lastWords(0.5) };

describe('an experiment that is steered while it runs', {
  skip: whyNoTools(),
  concurrency: true,
}, () => {
  const rig = useRig({ label: 'steer' });

  /** Pods run until {@link endOne} ends one of them. */
  async function begin(namespace: string, trials: { max: number; parallel: number }) {
    await rig.namespace(namespace, () => busy);
    const witness = watchPods(rig.client, namespace);
    await createExperiment(rig.client, namespace, 'e', { trials });
    return witness;
  }

  const running = (namespace: string) => runningPods(rig.client, namespace);
  const runs = (namespace: string, count: number) =>
    waitFor(async () => (await running(namespace)).length === count, {
      what: `${count} pods run in ${namespace}`,
    });
  const endOne = async (namespace: string) => {
    const [name = ''] = await running(namespace);
    await rig.kwok.tell(namespace, name, { runFor: '0s' });
    await waitFor(async () => !(await running(namespace)).includes(name), {
      what: `${name} ended`,
    });
  };
  const counted = (namespace: string, count: number) =>
    waitFor(
      async () =>
        (await phases(namespace)).filter(([phase]) => phase === 'Succeeded').length === count,
      { what: `${count} ends are counted` },
    );
  const set = (namespace: string, spec: object) =>
    rig.client.patch(experimentsPath(namespace, 'e'), 'merge-patch', { spec });
  const phases = async (namespace: string) =>
    (await trialsIn(rig.client, namespace)).map(({ status }) => [status?.phase, status?.reason]);
  const inPhase = (namespace: string, phase: string): Promise<Experiment> =>
    waitFor(
      async () => {
        const path = experimentsPath(namespace, 'e');
        const found = (await rig.client.get(path)) as unknown as Experiment;
        return found.status?.phase === phase && found;
      },
      { what: `${namespace} is ${phase}` },
    );

  test('G14 K9 kubectl scale: more run at once; fewer means that none is ended and none replaced', async (context) => {
    const { plane, client } = rig;
    const witness = await begin('scale', { max: 12, parallel: 2 });
    await runs('scale', 2);
    const scale = (replicas: number) =>
      plane.kubectl(['scale', '-n', 'scale', 'experiment/e', `--replicas=${replicas}`]);
    await scale(5);
    await runs('scale', 5);
    await scale(3);
    await endOne('scale');
    await endOne('scale');
    await counted('scale', 2);
    assert.deepEqual([witness.created.length, (await running('scale')).length], [5, 3]);
    await endOne('scale');
    await counted('scale', 3);
    await runs('scale', 3);
    assert.equal(witness.created.length, 6);
    const { status } = await endAll(rig, 'scale');
    assert.equal(status?.phase, 'Succeeded');
    const outcomes = (await trialsIn(client, 'scale')).map(({ status: trial }) => trial?.phase);
    assert.deepEqual(
      outcomes,
      Array.from({ length: 12 }, () => 'Succeeded'),
    );
    context.diagnostic(`peak ${witness.peak('e')} of 5, ended by the shrinking 0`);
    assert.equal(witness.peak('e'), 5);
    await witness.close();
  });

  test('K8 max raised while it runs gives exactly that many', async (context) => {
    const witness = await begin('raise', { max: 2, parallel: 2 });
    await runs('raise', 2);
    await set('raise', { trials: { max: 5 } });
    const { status } = await endAll(rig, 'raise');
    assert.deepEqual([status?.phase, status?.progress], ['Succeeded', '5/5']);
    context.diagnostic(`${witness.created.length} pods for a max of 5`);
    assert.equal(witness.created.length, 5);
    await witness.close();
  });

  test('K8 K9 max lowered below what was begun ends nothing that runs and begins no other', async (context) => {
    const witness = await begin('lower', { max: 9, parallel: 3 });
    await runs('lower', 3);
    await set('lower', { trials: { max: 1 } });
    const { status } = await endAll(rig, 'lower');
    assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'MaxTrialsReached']);
    context.diagnostic(`${witness.created.length} pods`);
    assert.equal(witness.created.length, 3);
    await witness.close();
  });

  test('kubectl wait sees the end as it comes, and the columns tell of the way', async () => {
    const { plane, client } = rig;
    const witness = await begin('wait', { max: 1, parallel: 1 });
    await podRuns(client, 'wait', 'e-00000-a0');
    const waited = plane.kubectl([
      ...['wait', '-n', 'wait', 'experiment/e', '--for=condition=Succeeded', '--timeout=30s'],
    ]);
    await waitFor(
      async () => /Running +0\/1 +1/.test(await plane.kubectl(['get', 'exp', '-n', 'wait'])),
      { what: 'kubectl get shows it running' },
    );
    await endOne('wait');
    assert.match(await waited, /condition met/);
    const { status, metadata } = await experimentEnded(client, 'wait', 'e');
    for (const { observedGeneration } of status?.conditions ?? []) {
      assert.equal(observedGeneration, metadata.generation);
    }
    await witness.close();
  });

  for (const [from, to] of [
    ['Run', 'Stop'],
    ['Run', 'Cancel'],
    ['Pause', 'Stop'],
    ['Pause', 'Cancel'],
    ['Stop', 'Cancel'],
  ] as const) {
    test(`desiredState ${from} to ${to} ends it as asked, and no trial is started after it`, async () => {
      const { client, proxy, kwok } = rig;
      const namespace = `${from}-${to}`.toLowerCase();
      await rig.namespace(namespace, () => ({ ...busy, terminateExitCode: 10 }));
      await createExperiment(client, namespace, 'e', { trials: { max: 9, parallel: 2 } });
      await podRuns(client, namespace, 'e-00000-a0');
      await podRuns(client, namespace, 'e-00001-a0');
      if (from !== 'Run') {
        await set(namespace, { desiredState: from });
        await inPhase(namespace, from === 'Pause' ? 'Paused' : 'Stopping');
      }
      await kwok.tell(namespace, 'e-00000-a0', { runFor: '0s' });
      if (from === 'Run') await podRuns(client, namespace, 'e-00002-a0');
      const made = podCreations(proxy, namespace).size;
      await set(namespace, { desiredState: to });
      if (to === 'Stop') {
        await inPhase(namespace, 'Stopping');
        for (const name of await running(namespace)) {
          await kwok.tell(namespace, name, { runFor: '0s' });
        }
      }
      const { status } = await experimentEnded(client, namespace, 'e');
      assert.deepEqual(
        [status?.phase, status?.reason],
        to === 'Stop' ? ['Succeeded', 'StopRequested'] : ['Cancelled', 'CancelRequested'],
      );
      const cancelled = (await phases(namespace)).filter(([, reason]) => reason === 'Cancelled');
      assert.equal(cancelled.length > 0, to === 'Cancel');
      assert.equal(podCreations(proxy, namespace).size, made);
    });
  }

  test('Pause lets running trials go on and starts none; Run goes on', async () => {
    const { client, proxy, kwok } = rig;
    await rig.namespace('pause', (pod) => ({
      ...busy,
      runFor: placeOf(pod).index < 2 ? 'never' : '100ms',
    }));
    await createExperiment(client, 'pause', 'e', { trials: { max: 5, parallel: 2 } });
    await podRuns(client, 'pause', 'e-00001-a0');
    await set('pause', { desiredState: 'Pause' });
    await inPhase('pause', 'Paused');
    for (const name of ['e-00000-a0', 'e-00001-a0']) {
      await kwok.tell('pause', name, { runFor: '0s' });
    }
    await waitFor(async () => (await phases('pause')).every(([phase]) => phase === 'Succeeded'), {
      what: 'the running ones have ended',
    });
    const paused = await inPhase('pause', 'Paused');
    const progressing = paused.status?.conditions.find(({ type }) => type === 'Progressing');
    assert.deepEqual([progressing?.status, progressing?.reason], ['False', 'Paused']);
    assert.equal(podCreations(proxy, 'pause').size, 2);
    await set('pause', { desiredState: 'Run' });
    const { status } = await experimentEnded(client, 'pause', 'e');
    assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'MaxTrialsReached']);
    assert.equal(podCreations(proxy, 'pause').size, 5);
  });
});
