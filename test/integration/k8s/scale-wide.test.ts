import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fastPods } from '../../kit/kwok-stages.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  makeNamespace,
  trialsIn,
} from './objects.ts';
import { HOUR_MS, useScaleRig } from './scale-rig.ts';

const ALL = process.env['ESPALIER_TEST_ALL'] === '1';
const EXPERIMENTS = 120;
const TRIALS = 30;

describe('thousands of pods', { skip: ALL ? whyNoTools() : 'ESPALIER_TEST_ALL is not 1' }, () => {
  const rig = useScaleRig('wide', fastPods({ runFor: 'never' }));

  test('U2 G14 3,600 pods run at once and end on Cancel', { timeout: HOUR_MS }, async (context) => {
    const { client } = rig.cluster.plane;
    await makeNamespace(client, 'wide');
    const names = Array.from({ length: EXPERIMENTS }, (_, i) => `w${i}`);
    for (const name of names) {
      await createExperiment(client, 'wide', name, { trials: { max: TRIALS, parallel: TRIALS } });
    }
    await waitFor(() => rig.pods.live === EXPERIMENTS * TRIALS, {
      what: 'all pods are there',
      timeoutMs: HOUR_MS,
    });
    for (const name of names) {
      const cancel = { spec: { desiredState: 'Cancel' } };
      await client.patch(experimentsPath('wide', name), 'merge-patch', cancel);
    }
    for (const name of names) {
      const { status } = await experimentEnded(client, 'wide', name, HOUR_MS);
      assert.equal(status?.phase, 'Cancelled', name);
    }
    await waitFor(() => rig.pods.live === 0, { what: 'no pod runs', timeoutMs: HOUR_MS });
    const trials = await trialsIn(client, 'wide');
    const stopped = trials.filter(({ status }) => status?.phase === 'Stopped').length;
    context.diagnostic(
      `${rig.pods.created} pods, ${rig.pods.peak} at once, duplicates ${rig.pods.twice.length}, ${stopped} trials stopped`,
    );
    assert.equal(rig.pods.created, EXPERIMENTS * TRIALS);
    assert.equal(rig.pods.peak, EXPERIMENTS * TRIALS);
    assert.equal(rig.pods.largestPeak, TRIALS);
    assert.deepEqual(rig.pods.twice, []);
    assert.equal(stopped, EXPERIMENTS * TRIALS);
    assert.equal(rig.program.errors(), 0);
  });
});
