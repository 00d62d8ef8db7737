import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { follow } from '../../kit/follow.ts';
import type { KubeObject } from '../../kit/kube-types.ts';
import { FAKE_REPORT, fastPods } from '../../kit/kwok-stages.ts';
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
const TRIALS = ALL ? 20_000 : 2_000;
const PARALLEL = 50;
/** Of an object in etcd; reliability.md G11. */
const MAX_BYTES = 64 * 1024;

describe('scale', { skip: whyNoTools() }, () => {
  const rig = useScaleRig('scale', fastPods({ message: FAKE_REPORT }));

  /** Nothing lost, nothing done twice, never more pods than `parallel`. */
  async function checkTrials(context: TestContext, namespace: string, name: string, max: number) {
    const trials = (await trialsIn(rig.cluster.plane.client, namespace)).filter(
      ({ metadata }) => metadata.labels?.['espalier.dev/experiment'] === name,
    );
    const ended = new Set(
      trials
        .filter(({ status }) => status?.phase === 'Succeeded' && status.attempts.length === 1)
        .map(({ spec }) => spec.index),
    );
    const lost = Array.from({ length: max }, (_, index) => index).filter((i) => !ended.has(i));
    context.diagnostic(
      `${name}: ${trials.length} trials, lost ${lost.length}, pods at once ${rig.pods.peakOf(namespace, name)}`,
    );
    assert.equal(trials.length, max);
    assert.deepEqual(lost, []);
  }

  test(`F22 G11 U1 U5 ${TRIALS} trials in one Experiment`, {
    timeout: HOUR_MS,
  }, async (context) => {
    const { client } = rig.cluster.plane;
    await makeNamespace(client, 'large');
    let bytes = 0;
    const done = new AbortController();
    const sizes = (async () => {
      const path = experimentsPath('large');
      for await (const { object } of follow<KubeObject>(client, path, done.signal)) {
        bytes = Math.max(bytes, JSON.stringify(object).length);
      }
    })();
    const from = rig.program.requests.length;
    const began = performance.now();
    await createExperiment(client, 'large', 'e', { trials: { max: TRIALS, parallel: PARALLEL } });
    const { status } = await experimentEnded(client, 'large', 'e', HOUR_MS);
    const seconds = (performance.now() - began) / 1000;
    done.abort();
    await sizes;
    assert.equal(status?.phase, 'Succeeded');
    assert.equal(status.configurations?.completed, TRIALS);
    assert.equal(status.trials?.succeeded, TRIALS);
    await checkTrials(context, 'large', 'e', TRIALS);

    const requests = rig.program.requests.slice(from);
    const writes = requests.filter(({ method }) => method !== 'GET').length;
    const reads = requests.length - writes;
    const megabytes = Math.round(process.resourceUsage().maxRSS / 1000);
    context.diagnostic(
      `${TRIALS} trials in ${seconds.toFixed(1)} s; pods ${rig.pods.created}, duplicates ${rig.pods.twice.length}, lost 0`,
    );
    context.diagnostic(
      `${(writes / TRIALS).toFixed(2)} writes and ${(reads / TRIALS).toFixed(3)} reads per trial; the Experiment has ${bytes} bytes`,
    );
    context.diagnostic(`${megabytes} MB resident at most, with the test itself`);
    assert.equal(rig.pods.created, TRIALS);
    assert.deepEqual(rig.pods.twice, []);
    assert.ok(rig.pods.peakOf('large', 'e') <= PARALLEL);
    assert.ok(bytes < MAX_BYTES, `${bytes} bytes`);
    assert.ok(writes / TRIALS <= 8, `${writes} writes`);
    assert.equal(rig.program.errors(), 0);
  });

  test('an Experiment that is applied later does not wait for a large one', async (context) => {
    const { client } = rig.cluster.plane;
    await makeNamespace(client, 'fair');
    await createExperiment(client, 'fair', 'large', { trials: { max: 1000, parallel: 100 } });
    const completed = async (name: string): Promise<number> => {
      const found = await client.get(experimentsPath('fair', name));
      return (found as unknown as Experiment).status?.configurations?.completed ?? 0;
    };
    await waitFor(async () => (await completed('large')) > 20, { what: 'the large one runs' });
    const before = await completed('large');
    await createExperiment(client, 'fair', 'small', { trials: { max: 4, parallel: 2 } });
    await experimentEnded(client, 'fair', 'small');
    const meanwhile = (await completed('large')) - before;
    context.diagnostic(`${meanwhile} of the large one's trials ended during the small one's 4`);
    assert.ok(before + meanwhile < 1000, 'the small one came last');
    await client.remove(experimentsPath('fair', 'large'));
  });

  test('G12 F22 two hundred Experiments at once, one of them poisonous', {
    skip: ALL ? false : 'ESPALIER_TEST_ALL is not 1',
    timeout: HOUR_MS,
  }, async (context) => {
    const { client } = rig.cluster.plane;
    await makeNamespace(client, 'many');
    const names = Array.from({ length: 200 }, (_, i) => `m${i}`);
    // Each needs the other: refused by the controller, which no other may notice.
    const when = (parameter: string) => ({ parameter, in: [1] });
    await createExperiment(client, 'many', 'poison', {
      parameters: [
        { name: 'a', int: { values: [1, 2] }, when: when('b') },
        { name: 'b', int: { values: [1, 2] }, when: when('a') },
      ],
    });
    for (const name of names) {
      await createExperiment(client, 'many', name, { trials: { max: 5, parallel: 2 } });
    }
    for (const name of names) {
      const { status } = await experimentEnded(client, 'many', name, HOUR_MS);
      assert.equal(status?.phase, 'Succeeded', name);
      assert.ok(rig.pods.peakOf('many', name) <= 2, name);
    }
    assert.equal((await experimentEnded(client, 'many', 'poison')).status?.phase, 'Failed');
    const trials = await trialsIn(client, 'many');
    context.diagnostic(`200 Experiments, ${trials.length} trials, lost ${1000 - trials.length}`);
    assert.equal(trials.length, 1000);
    assert.deepEqual(rig.pods.twice, []);
  });
});
