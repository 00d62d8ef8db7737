import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { podName, type Trial } from '@espalier/api';
import { PodWatch } from '../../kit/pod-watch.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { trialsIn } from '../k8s/objects.ts';
import { applyQuick, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers, manifestIn, outFolder, stored } from './record.ts';
import { useStreams } from './rig.ts';

const isStopped = ({ status }: Trial) => status?.phase === 'Stopped';

const OPTIONS = { skip: whyNoTools(), timeout: 120_000, concurrency: true };

describe('early stopping on live metrics', OPTIONS, () => {
  const rig = useStreams({ label: 'stopping' });
  const watching = new AbortController();
  let pods: PodWatch;
  let following: Promise<void>;

  before(() => {
    pods = new PodWatch(rig.client);
    following = pods.run(watching.signal).catch(() => {});
  });
  after(async () => {
    watching.abort();
    await following;
  });

  const rules = {
    asha: {
      tops: [0.9, 0.8, 0.2, 0.85, 0.3, 0.1],
      rule: { algorithm: 'asha', min: 1, max: 8, eta: 2, minRungSize: 2 },
    },
    // It wants five others before it stops one.
    median: {
      tops: [0.9, 0.8, 0.85, 0.75, 0.7, 0.95, 0.1, 0.2],
      rule: { algorithm: 'median', min: 1, interval: 1 },
    },
  } as const;
  for (const [name, { tops, rule }] of Object.entries(rules)) {
    test(`U12 G14 ${name} stops trials on curves as they come; they save, and their slots are used again`, async (context) => {
      await rig.namespace(name);
      await applyQuick(rig, name, {
        tops,
        earlyStopping: rule,
        artifacts: { keep: 'all' },
        trials: { max: tops.length, parallel: 3, maxFailed: 0 },
        parameters: [{ name: 'mode', string: { value: 'drag' } }],
        pace: { epochs: 8, epochMs: 150 },
      });
      const experiment = await succeeded(rig, name);
      const trials = await trialsIn(rig.client, name);
      const stopped = trials.filter(isStopped);
      for (const { metadata, status } of stopped) {
        assert.equal(status?.reason, 'EarlyStopped', metadata.name);
        assert.equal(status?.rungs.at(-1)?.verdict, 'stop');
        assert.deepEqual(
          status?.attempts.map(({ outcome, exitCode }) => `${outcome} ${exitCode}`),
          ['Stopped 10'],
          `${metadata.name} saves and says so`,
        );
      }
      for (const trial of stopped) {
        const folder = outFolder(rig, name, podName(trial.metadata.name, 0));
        const { step, resume } = manifestIn(folder) ?? {};
        assert.deepEqual(resume, { step }, 'it could go on from where it was stopped');
        const path = `checkpoint-${step}/state.safetensors`;
        assert.ok(await stored(rig, experiment, trial, 0, path), `${path} is in the store`);
      }
      const ran = trials.filter((trial) => !isStopped(trial)).length;
      context.diagnostic(`${name}: ${stopped.length} of ${trials.length} stopped, ${ran} complete`);
      assert.ok(stopped.length > 0, 'none was stopped');
      assert.ok(ran > 0, 'all were stopped');
      assert.ok(pods.peakOf(name, 'e') <= 3, `${pods.peakOf(name, 'e')} pods at once`);
      assertNothingLost(context, name, await compareWithTrainers(rig, experiment));
    });
  }
});
