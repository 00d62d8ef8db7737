import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  podsIn,
  trialsIn,
  trialsPath,
} from './objects.ts';
import { watchPods } from './pod-witness.ts';
import { endAll, placeOf, podRuns, trialAt, useRig } from './pods-rig.ts';

const ROUNDS = process.env['ESPALIER_TEST_ALL'] === '1' ? 60 : 12;
const done = { runFor: '200ms', message: lastWords(0.5) };

describe('what people delete', { skip: whyNoTools(), concurrency: true }, () => {
  const rig = useRig({ label: 'humans' });
  // The garbage collector learns of new kinds when it starts, and then only every 30 s.
  before(() => rig.plane.restart('controller-manager'));

  const podsGone = (namespace: string) =>
    waitFor(async () => (await podsIn(rig.client, namespace)).items.length === 0, {
      what: `no pod is left in ${namespace}`,
    });

  test('F20 G2 G5 a trial deleted while its pod starts or runs takes the pod with it', async (context) => {
    const { client } = rig;
    const slowest = { ms: 0 };
    const one = async (round: number): Promise<void> => {
      const namespace = `trial-${round}`;
      await rig.namespace(namespace, (pod) =>
        placeOf(pod).index === 0 ? { runFor: 'never' } : done,
      );
      await createExperiment(client, namespace, 'e', { trials: { max: 3, parallel: 2 } });
      const moments = [
        async () => true,
        async () => (await podsIn(client, namespace)).items.length > 0,
        async () => podRuns(client, namespace, 'e-00000-a0'),
      ];
      const often = { pauseMs: 1, maxPauseMs: 3 };
      // A Trial below one that exists is never made again; the highest one may be.
      await waitFor(async () => (await trialsIn(client, namespace)).length > 1, {
        what: 'the next trial exists',
        ...often,
      });
      await waitFor(moments[round % 3] as () => Promise<unknown>, {
        what: 'the moment has come',
        ...often,
      });
      const began = performance.now();
      await client.remove(trialsPath(namespace, 'e-00000'));
      const { status } = await experimentEnded(client, namespace, 'e');
      assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'MaxTrialsReached']);
      const phases = (await trialsIn(client, namespace)).map((trial) => [
        trial.metadata.name,
        trial.status?.phase,
      ]);
      assert.deepEqual(phases, [
        ['e-00001', 'Succeeded'],
        ['e-00002', 'Succeeded'],
      ]);
      await podsGone(namespace);
      slowest.ms = Math.max(slowest.ms, performance.now() - began);
    };
    let next = 0;
    const loop = async () => {
      while (next < ROUNDS) await one(next++);
    };
    await Promise.all([loop(), loop(), loop(), loop()]);
    context.diagnostic(`${ROUNDS} deletions, left behind 0, slowest ${Math.round(slowest.ms)} ms`);
  });

  test('F20 G14 a trial deleted while its pod is being created holds its slot until that pod ends', async (context) => {
    const { client, proxy, kwok } = rig;
    await rig.namespace('creating', (pod) => {
      const { index } = placeOf(pod);
      if (index === 0) return { runFor: 'never', terminateAfter: 'never' };
      return { ...done, runFor: 'never' };
    });
    const witness = watchPods(client, 'creating');
    const gate = createGate();
    proxy.addRule({
      match: { methods: ['POST'], path: /creating\/pods$/, body: /e-00000-a0/ },
      fault: { kind: 'hold', point: 'before', gate },
    });
    await createExperiment(client, 'creating', 'e', { trials: { max: 3, parallel: 2 } });
    await gate.reached;
    await podRuns(client, 'creating', 'e-00001-a0');
    await client.remove(trialsPath('creating', 'e-00000'));
    const key = { namespace: 'creating', name: 'e-00000' };
    await waitFor(() => rig.program.controller.cluster.trial(key) === undefined, {
      what: 'the controller knows of the deletion',
    });
    gate.open();
    await waitFor(() => 'deletionTimestamp' in (witness.pods.get('e-00000-a0')?.metadata ?? {}), {
      what: 'the pod is asked to end',
    });
    await kwok.tell('creating', 'e-00000-a0', { terminateAfter: '0s' });
    await podRuns(client, 'creating', 'e-00002-a0');
    for (const name of ['e-00001-a0', 'e-00002-a0']) {
      await kwok.tell('creating', name, { runFor: '0s' });
    }
    const { status } = await experimentEnded(client, 'creating', 'e');
    assert.equal(status?.phase, 'Succeeded');
    await podsGone('creating');
    context.diagnostic(`peak ${witness.peak('e')} of 2, pods ${witness.created.join(' ')}`);
    assert.equal(witness.peak('e'), 2);
    await witness.close();
  });

  for (const [what, namespace, match] of [
    ['a status write', 'late-put', { methods: ['PUT'], path: /late-put\/trials\/e-00000\/status/ }],
    ['its creation', 'late-post', { methods: ['POST'], path: /late-post\/trials$/ }],
  ] as const) {
    test(`F20 G5 an answer to ${what} that comes after the deletion does not bring a trial back`, async () => {
      const { client, proxy } = rig;
      await rig.namespace(namespace, () => ({ ...done, runFor: 'never' }));
      const gate = createGate();
      proxy.addRule({ match, fault: { kind: 'hold', point: 'after', gate }, times: 1 });
      await createExperiment(client, namespace, 'e', { trials: { max: 3, parallel: 2 } });
      await gate.reached;
      await podRuns(client, namespace, 'e-00000-a0');
      await client.remove(trialsPath(namespace, 'e-00000'));
      // All news of the trial and of its pod come before the answer does.
      const key = { namespace, name: 'e-00000' };
      const { cluster } = rig.program.controller;
      await waitFor(
        async () => {
          const { items } = await podsIn(client, namespace);
          const isLeft = items.some(({ metadata }) => metadata.name === 'e-00000-a0');
          return !isLeft && cluster.trial(key) === undefined;
        },
        { what: 'the controller knows that nothing of it is left' },
      );
      gate.open();
      const { status } = await endAll(rig, namespace);
      assert.equal(status?.phase, 'Succeeded');
      assert.equal(status?.configurations?.completed, 3);
    });
  }

  const removals: Record<string, (namespace: string) => Promise<unknown>> = {
    'kubectl delete experiment': (namespace) =>
      rig.plane.kubectl(['delete', 'experiment', 'e', '-n', namespace]),
    'foreground deletion': (namespace) =>
      rig.plane.kubectl(['delete', 'experiment', 'e', '-n', namespace, '--cascade=foreground']),
    'orphaning deletion': (namespace) =>
      rig.plane.kubectl(['delete', 'experiment', 'e', '-n', namespace, '--cascade=orphan']),
    'finalizer stripped first': async (namespace) => {
      const path = experimentsPath(namespace, 'e');
      await rig.client.remove(path);
      // It may be gone already: the controller is at it as well.
      const patch = { metadata: { finalizers: null } };
      const options = { body: patch, contentType: 'application/merge-patch+json' };
      await rig.client.request('PATCH', path, options);
    },
    'namespace deleted': (namespace) =>
      rig.plane.kubectl(['delete', 'namespace', namespace, '--wait=false']),
  };
  for (const [position, [how, remove]] of Object.entries(removals).entries()) {
    test(`F20 G5 G10 ${how} in the middle leaves nothing`, async () => {
      const { client } = rig;
      const namespace = `owner-${position}`;
      await rig.namespace(namespace, () => ({ runFor: 'never' }));
      await createExperiment(client, namespace, 'e', { trials: { max: 9, parallel: 3 } });
      await podRuns(client, namespace, 'e-00002-a0');
      await remove(namespace);
      await waitFor(
        async () =>
          (await podsIn(client, namespace)).items.length === 0 &&
          // Whoever asks to keep the trials keeps them.
          (how === 'orphaning deletion' || (await trialsIn(client, namespace)).length === 0) &&
          (await client.request('GET', experimentsPath(namespace, 'e'))).status === 404,
        { what: 'nothing is left' },
      );
      if (how !== 'namespace deleted') return;
      await waitFor(
        async () => (await client.request('GET', `/api/v1/namespaces/${namespace}`)).status === 404,
        { what: 'the namespace is gone' },
      );
    });
  }

  test('F20 K14 an experiment deleted and made again under its name, again and again, starts anew', async (context) => {
    const { client, plane } = rig;
    await rig.namespace('again', () => ({ ...done, runFor: 'never' }));
    for (let round = 0; round < 4; round++) {
      if (round > 0) await plane.kubectl(['delete', 'experiment', 'e', '-n', 'again']);
      await createExperiment(client, 'again', 'e', { trials: { max: 2, parallel: 2 } });
      // Each time at another moment: at once, with trials, with pods.
      if (round === 2)
        await waitFor(() => trialAt(client, 'again', 'e-00000'), { what: 'a trial' });
      if (round === 0 || round === 3) await podRuns(client, 'again', 'e-00001-a0');
    }
    const { status, metadata } = await endAll(rig, 'again');
    assert.deepEqual([status?.phase, status?.configurations?.completed], ['Succeeded', 2]);
    for (const trial of await trialsIn(client, 'again')) {
      assert.equal(trial.metadata.ownerReferences?.[0]?.uid, metadata.uid);
      assert.deepEqual(
        trial.status?.attempts.map(({ outcome }) => outcome),
        ['Succeeded'],
      );
    }
    context.diagnostic('4 experiments of one name, trials of an earlier one 0');
  });
});
