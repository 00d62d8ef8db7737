import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recomputed } from '../../../controller/src/domain/testing/recomputed.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn } from '../k8s/objects.ts';
import { applyQuick, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers, isWholeInStore, storedOf } from './record.ts';
import { QUICK_LEASE, useStreams } from './rig.ts';

const NAMESPACE = 'raced';
const TOPS = [0.3, 0.9, 0.5, 0.7];
const SEEDS = [1, 2];
const HELD_BACK = [8, 9];

describe('a race on a cluster', { skip: whyNoTools(), timeout: 180_000 }, () => {
  const rig = useStreams({
    label: 'racing',
    flags: QUICK_LEASE,
  });

  test('G1 G9 G15 seeds go to those that may win, and the controller is killed meanwhile', async (t) => {
    await rig.namespace(NAMESPACE);
    await applyQuick(rig, NAMESPACE, {
      tops: TOPS,
      trials: { max: TOPS.length, parallel: 2, maxFailed: 0 },
      attempts: { maxRetries: 0, maxDisruptions: 0 },
      replicates: {
        parameter: 'seed',
        values: SEEDS,
        racing: { algorithm: 'asha', eta: 2, confirm: { top: 1, values: HELD_BACK } },
      },
      pace: { epochs: 3, steps: 3, epochMs: 300 },
    });
    const leader = await rig.leader();
    await waitFor(
      async () => (await trialsIn(rig.client, NAMESPACE)).some(({ spec }) => spec.replicate > 0),
      { what: 'a configuration was given a second seed', timeoutMs: 60_000 },
    );
    await leader.process.kill();
    await rig.startController();

    const experiment = await succeeded(rig, NAMESPACE, 90_000);
    const trials = await trialsIn(rig.client, NAMESPACE);
    const runs = trials.map(({ spec }) => `${spec.configuration}/${spec.replicate}`);
    t.diagnostic(`runs in their order: ${runs.join(' ')}`);
    assert.equal(new Set(runs).size, runs.length);
    assert.ok(runs.length < TOPS.length * SEEDS.length + HELD_BACK.length, 'less than all seeds');
    for (const { metadata, status } of trials) {
      assert.equal(status?.phase, 'Succeeded', metadata.name);
      assert.equal(status.attempts.length, 1, metadata.name);
    }

    const best = experiment.status?.best;
    assert.equal(best?.configuration, 1);
    assert.ok(Math.abs((best?.value ?? 0) - 0.9) < 1e-9);
    assert.deepEqual([best?.replicates, best?.confirmed], [HELD_BACK.length, true]);
    assert.ok(best?.interval !== undefined);
    assert.ok(best.checkpoint !== undefined && (await isWholeInStore(rig, best.checkpoint)));
    const published = JSON.parse(String(await storedOf(rig, experiment, 'best.json')));
    assert.deepEqual(published, JSON.parse(JSON.stringify(best)));
    assertNothingLost(t, NAMESPACE, await compareWithTrainers(rig, experiment));

    const value = recomputed(experiment, trials, { oneController: false });
    assert.deepEqual([value.differences, value.unknowns], [[], []]);
    t.diagnostic(`${value.suggestions.equal} decisions recomputed`);
  });
});
