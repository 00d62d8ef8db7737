import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { decode, fromSeed, parseCreds } from '@nats-io/jwt';
import {
  retireTrainerKeys,
  rotateTrainerKey,
} from '../../../controller/src/adapters/nats/installation.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn } from '../k8s/objects.ts';
import { sampleOf } from './controller-process.ts';
import { applyQuick, isFolding, release } from './quick-experiment.ts';
import { QUICK_LEASE, useStreams, writeKeys } from './rig.ts';
import { assertWhole, whyNotNow } from './undisturbed.ts';

describe('a change of leader and of keys', { skip: whyNoTools(), timeout: 240_000 }, () => {
  const rig = useStreams({
    label: 'handover',
    flags: QUICK_LEASE,
  });

  test('F26 G6 the leader is killed in the middle: the next one knows what was reported', async (t) => {
    await rig.namespace('killed');
    const first = await rig.leader();
    const second = await rig.startController();
    await applyQuick(rig, 'killed', {
      trials: { max: 2, parallel: 2, maxFailed: 0 },
      pace: { epochs: 6, epochMs: 300 },
    });
    await isFolding(rig, 'killed');
    const step = async ({ metrics }: typeof second) =>
      sampleOf(await metrics(), 'espalier_trial_step', { namespace: 'killed' });
    assert.equal(await step(second), undefined, 'only the leader shows trials');
    await first.process.kill();
    assert.equal((await rig.leader()).name, second.name);
    await assertWhole(t, rig, 'killed');
  });

  test('F26 G6 a leader that was stopped for longer than its lease changes nothing when it wakes', {
    skip: whyNotNow,
  }, async (t) => {
    await rig.namespace('zombie');
    const zombie = await rig.leader();
    const young = await rig.startController();
    await applyQuick(rig, 'zombie', {
      trials: { max: 2, parallel: 2, maxFailed: 0 },
      pace: { epochs: 6, epochMs: 300 },
    });
    await isFolding(rig, 'zombie');
    zombie.process.pause();
    await waitFor(() => young.leads(), { what: 'the young one leads' });
    zombie.process.resume();
    assert.equal((await zombie.process.ended).exitCode, 1);
    await assertWhole(t, rig, 'zombie');
  });

  test('G7 F12 F26 the stream and the leader are lost together: live trainers send all again', async (t) => {
    await rig.namespace('lost');
    await applyQuick(rig, 'lost', {
      parameters: [{ name: 'holds', int: { value: 1 } }],
      trials: { max: 4, parallel: 2, maxFailed: 0 },
    });
    for (const pod of ['e-00000-a0', 'e-00001-a0']) await release(rig, 'lost', pod);
    await waitFor(
      async () =>
        (await trialsIn(rig.client, 'lost')).filter(
          ({ spec, status }) => spec.index >= 2 && (status?.observation?.lastEpoch ?? 0) >= 2,
        ).length === 2,
      { what: 'the second wave has reported two epochs' },
    );
    const leader = await rig.leader();
    await Promise.all([rig.nats.kill(), leader.process.kill()]);
    await rm(rig.nats.storeFolder, { recursive: true });
    await Promise.all([rig.nats.start(), rig.startController()]);
    for (const pod of ['e-00002-a0', 'e-00003-a0']) await release(rig, 'lost', pod);
    await assertWhole(t, rig, 'lost');
  });

  test('F28 the key of trainers is rotated under running trials, and none is lost', async (t) => {
    await rig.namespace('rotated');
    const before = rig.nats.installation;
    await applyQuick(rig, 'rotated', {
      parameters: [{ name: 'holds', int: { value: 1 } }],
      trials: { max: 4, parallel: 2, maxFailed: 0 },
    });
    await isFolding(rig, 'rotated');
    const [old, young] = [
      ['e-00000', 'e-00001'],
      ['e-00002', 'e-00003'],
    ];
    const releaseAll = (trials: readonly string[]) =>
      Promise.all(trials.map((trial) => release(rig, 'rotated', `${trial}-a0`)));
    const rotated = await rotateTrainerKey(before);
    await rig.nats.reload(rotated);
    writeKeys(rig, rotated);
    await releaseAll(old);
    await waitFor(
      async () =>
        (await trialsIn(rig.client, 'rotated')).filter(
          ({ metadata, status }) =>
            old.includes(metadata.name) && status?.completionTime !== undefined,
        ).length === 2,
      { what: 'those of the old key have ended' },
    );
    await rig.nats.reload(await retireTrainerKeys(rotated));
    await releaseAll(young);
    await assertWhole(t, rig, 'rotated');
    const signerOf = async (trial: string): Promise<string> => {
      const file = rig.node.path('rotated', `${trial}-a0`, '/espalier/credentials/user.creds');
      return decode((await parseCreds(readFileSync(file))).jwt).iss;
    };
    const keyOf = (seed: string) => fromSeed(Buffer.from(seed)).getPublicKey();
    assert.deepEqual(await Promise.all([...old, ...young].map(signerOf)), [
      ...[before, before, rotated, rotated].map(({ trainerSeed }) => keyOf(trainerSeed)),
    ]);
  });
});
