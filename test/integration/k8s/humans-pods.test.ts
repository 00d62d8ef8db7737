import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { RawPod } from '../../../controller/src/adapters/k8s/pod-view-from-pod.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  lastWords,
  podsIn,
  trialsIn,
  trialsPath,
} from './objects.ts';
import { watchPods } from './pod-witness.ts';
import { placeOf, podRuns, trialAt, useRig } from './pods-rig.ts';

const done = { runFor: '200ms', message: lastWords(0.5) };

describe('what people do to pods', { skip: whyNoTools(), concurrency: true }, () => {
  const rig = useRig({ label: 'humans-pods' });

  const outcomes = async (namespace: string, name: string) =>
    (await trialAt(rig.client, namespace, name)).status?.attempts.map(({ outcome }) => outcome);
  const podsGone = (namespace: string) =>
    waitFor(async () => (await podsIn(rig.client, namespace)).items.length === 0, {
      what: `no pod is left in ${namespace}`,
    });

  test('F20 G2 G3 a pod deleted by hand, gently or by force, is one disruption and no failure', async (context) => {
    const { client, plane } = rig;
    await rig.namespace('pods', (pod) => (placeOf(pod).attempt === 2 ? done : { runFor: 'never' }));
    const witness = watchPods(client, 'pods');
    await createExperiment(client, 'pods', 'e', {
      trials: { max: 1 },
      attempts: { maxRetries: 0 },
    });
    await podRuns(client, 'pods', 'e-00000-a0');
    await plane.kubectl(['delete', 'pod', '-n', 'pods', 'e-00000-a0', '--wait=false']);
    await podRuns(client, 'pods', 'e-00000-a1');
    await plane.kubectl([
      ...['delete', 'pod', '-n', 'pods', 'e-00000-a1', '--wait=false'],
      ...['--grace-period=0', '--force'],
    ]);
    const { status } = await experimentEnded(client, 'pods', 'e');
    assert.equal(status?.phase, 'Succeeded');
    const seen = await outcomes('pods', 'e-00000');
    assert.deepEqual(seen, ['Disrupted', 'Disrupted', 'Succeeded']);
    await podsGone('pods');
    context.diagnostic(`attempts ${seen}, duplicates ${witness.twice().length}, overlaps 0`);
    assert.deepEqual([witness.twice(), witness.overlaps], [[], []]);
    await witness.close();
  });

  test('F20 G1 G2 a pod whose finalizer is stripped is counted once, whether it is deleted or ends', async (context) => {
    const { client } = rig;
    await rig.namespace('strip', (pod) =>
      placeOf(pod).attempt === 0 ? { runFor: 'never' } : done,
    );
    const witness = watchPods(client, 'strip');
    await createExperiment(client, 'strip', 'e', { trials: { max: 2, parallel: 2 } });
    // A pod that vanishes before its Trial's record knows of it leaves no trace to count.
    await waitFor(
      async () => {
        const trials = await trialsIn(client, 'strip');
        return trials.filter(({ status }) => status?.phase === 'Running').length === 2;
      },
      { what: 'the record says that both run' },
    );
    for (const name of ['e-00000-a0', 'e-00001-a0']) {
      const path = `/api/v1/namespaces/strip/pods/${name}`;
      await podRuns(client, 'strip', name);
      await client.patch(path, 'merge-patch', { metadata: { finalizers: null } });
    }
    await client.remove('/api/v1/namespaces/strip/pods/e-00000-a0', { gracePeriodSeconds: 0 });
    await rig.kwok.tell('strip', 'e-00001-a0', { runFor: '0s', exitCode: 7 });
    const { status } = await experimentEnded(client, 'strip', 'e');
    assert.equal(status?.phase, 'Succeeded');
    const seen = [await outcomes('strip', 'e-00000'), await outcomes('strip', 'e-00001')];
    assert.deepEqual(seen, [
      ['Disrupted', 'Succeeded'],
      ['Failed', 'Succeeded'],
    ]);
    context.diagnostic(`attempts ${seen.join('; ')}, duplicates ${witness.twice().length}`);
    assert.deepEqual([witness.twice(), witness.overlaps], [[], []]);
    await witness.close();
  });

  test('F3 F20 G1 G4 a status that somebody wrote by hand never makes two attempts run at once', async (context) => {
    const { client } = rig;
    await rig.namespace('written', (pod) =>
      placeOf(pod).attempt === 0 ? { runFor: 'never', terminateAfter: '500ms' } : done,
    );
    const witness = watchPods(client, 'written');
    // With slots to spare: only the earlier pod stands in the way.
    await createExperiment(client, 'written', 'e', { trials: { max: 2, parallel: 6 } });
    await podRuns(client, 'written', 'e-00000-a0');
    await podRuns(client, 'written', 'e-00001-a0');
    const write = (name: string, status: object) =>
      client.patch(`${trialsPath('written', name)}/status`, 'merge-patch', { status });
    await write('e-00000', { phase: 'Pending', attempts: [{ number: 7 }] });
    await write('e-00001', { phase: 'Failed', reason: 'Tired', attempts: [] });
    const { status } = await experimentEnded(client, 'written', 'e');
    assert.equal(status?.phase, 'Succeeded');
    assert.equal((await trialAt(client, 'written', 'e-00001')).status?.reason, 'Tired');
    await podsGone('written');
    context.diagnostic(`pods ${witness.created.join(' ')}; overlaps ${witness.overlaps.length}`);
    assert.deepEqual(witness.created.toSorted(), ['e-00000-a0', 'e-00000-a7', 'e-00001-a0']);
    assert.deepEqual(witness.overlaps, []);
    await witness.close();
  });

  for (const [what, metadata] of [
    ['a label', { labels: { 'espalier.dev/trial': null } }],
    ['the attempt label', { labels: { 'espalier.dev/attempt': null } }],
    ['the owner', { ownerReferences: null }],
  ] as const) {
    test(`F3 F20 G1 G5 ${what} taken off a running pod is put back and its end is counted`, async () => {
      const { client } = rig;
      const namespace = `mark-${what.replaceAll(' ', '-')}`;
      const path = `/api/v1/namespaces/${namespace}/pods/e-00000-a0`;
      await rig.namespace(namespace, () => ({ runFor: 'never', message: lastWords(0.4) }));
      await createExperiment(client, namespace, 'e', { trials: { max: 1 } });
      await podRuns(client, namespace, 'e-00000-a0');
      const { labels, ownerReferences } = (await client.get<RawPod>(path)).metadata;
      await client.patch(path, 'merge-patch', { metadata });
      await waitFor(
        async () => {
          const pod = await client.get<RawPod>(path);
          return isDeepStrictEqual(
            [pod.metadata.labels, pod.metadata.ownerReferences],
            [labels, ownerReferences],
          );
        },
        { what: 'it is as it was' },
      );
      await rig.kwok.tell(namespace, 'e-00000-a0', { runFor: '0s' });
      const { status } = await experimentEnded(client, namespace, 'e');
      assert.equal(status?.best?.value, 0.4);
      assert.deepEqual(await outcomes(namespace, 'e-00000'), ['Succeeded']);
      await podsGone(namespace);
    });
  }
});
