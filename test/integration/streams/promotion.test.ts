import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { podName, type Trial } from '@espalier/api';
import { recomputed } from '../../../controller/src/domain/testing/recomputed.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn } from '../k8s/objects.ts';
import { applyQuick, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers, isWholeInStore } from './record.ts';
import { QUICK_LEASE, type StreamsRig, useStreams } from './rig.ts';

const NAMESPACE = 'promoted';
/** One after the other: the best arrives first, when nobody can be among the best quarter, and waits. */
const TOPS = [0.9, 0.5, 0.1, 0.7];

/** The step at which an attempt of the trainer began, as the trainer says. */
function beganAt({ node }: StreamsRig, trial: Trial, attempt: number): number {
  const { logFile } = node.container(NAMESPACE, podName(trial.metadata.name, attempt));
  const found = /begins at step (\d+)/.exec(readFileSync(logFile, 'utf8'));
  return Number(found?.[1]);
}

const promotionsOf = ({ status }: Trial) =>
  (status?.rungs ?? []).filter(({ promoted }) => promoted !== undefined);

describe('promotion on a cluster', { skip: whyNoTools(), timeout: 180_000 }, () => {
  const rig = useStreams({
    label: 'promotion',
    flags: QUICK_LEASE,
  });

  test('U23 G1 G9 G15 paused trials go on from their checkpoints, and the controller is killed meanwhile', async (t) => {
    await rig.namespace(NAMESPACE);
    await applyQuick(rig, NAMESPACE, {
      tops: TOPS,
      trials: { max: TOPS.length, parallel: 1, maxFailed: 0 },
      attempts: { maxRetries: 0, maxDisruptions: 0 },
      earlyStopping: { algorithm: 'asha-promotion', min: 1, max: 4, eta: 4 },
      // Long enough to be stopped before it is done, whatever the machine does meanwhile.
      pace: { epochs: 12, steps: 4, epochMs: 500 },
    });
    const leader = await rig.leader();
    await waitFor(
      async () =>
        (await trialsIn(rig.client, NAMESPACE)).some((one) => promotionsOf(one).length > 0),
      { what: 'a trial was promoted', timeoutMs: 60_000 },
    );
    await leader.process.kill();
    await rig.startController();

    const experiment = await succeeded(rig, NAMESPACE, 90_000);
    assert.equal(experiment.status?.reason, 'MaxTrialsReached');
    const trials = await trialsIn(rig.client, NAMESPACE);
    const best = trials.find(({ metadata }) => metadata.name === experiment.status?.best?.trial);
    assert.equal(best?.status?.phase, 'Succeeded');
    assert.equal(experiment.status?.best?.value, 0.9);
    const checkpoint = experiment.status?.best?.checkpoint;
    assert.ok(checkpoint !== undefined && (await isWholeInStore(rig, checkpoint)));

    let resumed = 0;
    for (const trial of trials) {
      const attempts = trial.status?.attempts ?? [];
      const last = attempts.at(-1);
      const pauses = attempts.filter(({ outcome }) => outcome === 'Paused');
      assert.ok(
        attempts.every(({ outcome }) => ['Paused', 'Succeeded'].includes(outcome ?? '')),
        JSON.stringify(attempts),
      );
      if (last?.outcome === 'Paused') {
        assert.deepEqual([trial.status?.phase, trial.status?.reason], ['Stopped', 'EarlyStopped']);
      }
      for (const { number } of attempts.slice(1)) {
        assert.ok(beganAt(rig, trial, number) > 0, `${trial.metadata.name}-a${number} began anew`);
        resumed += 1;
      }
      t.diagnostic(
        `${trial.metadata.name}: ${pauses.length} pauses, ${promotionsOf(trial).length} promotions, ${trial.status?.phase}`,
      );
    }
    assert.ok(resumed > 0, 'nothing was promoted');
    assertNothingLost(t, NAMESPACE, await compareWithTrainers(rig, experiment));

    const value = recomputed(experiment, trials, { oneController: false });
    assert.deepEqual([value.differences, value.unknowns], [[], []]);
    t.diagnostic(`${resumed} resumed attempts; ${value.verdicts.equal} verdicts recomputed`);
  });
});
