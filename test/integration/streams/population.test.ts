import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARTIFACT, checkpointFolder, type Experiment, podName, type Trial } from '@espalier/api';
import { readExperimentRecord } from '../../../controller/src/adapters/s3/experiment-record.ts';
import { recomputed } from '../../../controller/src/domain/testing/recomputed.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { podsIn, trialsIn } from '../k8s/objects.ts';
import { applyQuick, release, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers, stored } from './record.ts';
import { QUICK_LEASE, S3_PREFIX, useStreams } from './rig.ts';

const NAMESPACE = 'population';
const SIZE = 4;
/** Draws members each of which is worse than the one before. */
const SEED = 253;

const isChild = ({ spec }: Trial) => spec.parent !== undefined;

function verified(experiment: Experiment, trials: readonly Trial[]) {
  return recomputed(experiment, trials, { oneController: false });
}

describe('a population on a cluster', { skip: whyNoTools(), timeout: 240_000 }, () => {
  const rig = useStreams({
    label: 'population',
    flags: QUICK_LEASE,
  });

  /** The step at which the first attempt of a trainer began, as it says. */
  function beganAt({ metadata }: Trial): number {
    const { logFile } = rig.node.container(NAMESPACE, podName(metadata.name, 0));
    return Number(/begins at step (\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1]);
  }

  const until = (what: string, isSo: (trials: readonly Trial[]) => boolean) =>
    waitFor(async () => isSo(await trialsIn(rig.client, NAMESPACE)), { what, timeoutMs: 90_000 });

  /** Lets every trainer go on, those that come later as well. */
  async function releaseAll(signal: AbortSignal): Promise<void> {
    const released = new Set<string>();
    while (!signal.aborted) {
      for (const { metadata } of (await podsIn(rig.client, NAMESPACE)).items) {
        const { name = '' } = metadata;
        if (released.has(name)) continue;
        // A pod may go before it has begun.
        await release(rig, NAMESPACE, name).catch(() => {});
        released.add(name);
      }
      await sleep(100, undefined, { signal }).catch(() => {});
    }
  }

  test('G1 G8 G9 G15 members go on from checkpoints of their donors, and the controller is killed meanwhile', async (t) => {
    await rig.namespace(NAMESPACE);
    await applyQuick(rig, NAMESPACE, {
      trials: { max: 8, parallel: SIZE, maxFailed: 0 },
      attempts: { maxRetries: 0, maxDisruptions: 0 },
      search: {
        algorithm: 'pbt',
        seed: SEED,
        population: { size: SIZE, interval: 3, max: 24, quantile: 0.5 },
      },
      artifacts: { keep: 'all' },
      parameters: [{ name: 'holds', int: { value: 1 } }],
      pace: { epochs: 18, steps: 3, epochMs: 400 },
    });
    const leader = await rig.leader();
    // The best one is ahead and has a checkpoint before the others are judged.
    await until('all have begun', (trials) => {
      return (
        trials.filter(({ status }) => (status?.observation?.lastEpoch ?? 0) >= 2).length === SIZE
      );
    });
    await release(rig, NAMESPACE, podName('e-00000', 0));
    await until('the best was judged', ([best]) => (best?.status?.rungs.length ?? 0) > 0);
    const ended = new AbortController();
    const releasing = releaseAll(ended.signal);
    t.after(() => ended.abort());
    await until('a member has taken the place of another one', (trials) => trials.some(isChild));
    await leader.process.kill();
    await rig.startController();

    const experiment = await succeeded(rig, NAMESPACE, 120_000);
    assert.equal(experiment.status?.reason, 'PopulationTrained');
    ended.abort();
    await releasing;
    const trials = await trialsIn(rig.client, NAMESPACE);
    const reasons = trials.map(({ status }) => status?.reason);
    assert.equal(reasons.filter((reason) => reason === 'Completed').length, SIZE);
    assert.equal(reasons.filter((reason) => reason === 'Exploited').length, trials.length - SIZE);
    let models = 0;
    for (const child of trials.filter(isChild)) {
      const { metadata, spec, status } = child;
      const { parent } = spec;
      assert.ok(parent);
      const donor = trials.find((one) => one.metadata.name === parent.trial);
      assert.equal(donor?.metadata.uid, parent.uid);
      assert.ok(donor && donor.spec.index < spec.index);
      assert.equal(beganAt(child), parent.step);
      const step = status?.observation?.step;
      const path = `${checkpointFolder(step ?? 0)}/${ARTIFACT.model}`;
      const model = await stored(rig, experiment, child, 0, path);
      if (model === undefined) continue;
      // Who has trained these weights, from which step on.
      const lineage = (model.toString().split('\n')[0] ?? '').trim().split(' ');
      const own = lineage.indexOf(`${metadata.name}@${parent.step}`);
      assert.match(lineage[own - 1] ?? '', new RegExp(`^${parent.trial}@`), lineage.join(' '));
      models += 1;
    }
    assert.ok(models > 0, 'a child has left its model');
    assertNothingLost(t, NAMESPACE, await compareWithTrainers(rig, experiment));

    const { name, uid } = experiment.metadata;
    const root = `${S3_PREFIX}/${NAMESPACE}/${name}-${uid}`;
    const signal = AbortSignal.timeout(30_000);
    const record = await readExperimentRecord(rig.store, root, { signal });
    assert.ok(record);
    for (const [where, one] of Object.entries({ objects: { experiment, trials }, store: record })) {
      const found = verified(one.experiment, one.trials);
      assert.deepEqual([found.differences, found.unknowns], [[], []], where);
      assert.equal(found.suggestions.equal, trials.length);
      t.diagnostic(`${where}: ${trials.length} members, ${found.verdicts.equal} verdicts equal`);
    }
    t.diagnostic(`${models} lineages read from models`);
  });
});
