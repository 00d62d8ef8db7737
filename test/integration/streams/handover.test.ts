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
import { applyQuick, isFolding } from './quick-experiment.ts';
import { useStreams, writeKeys } from './rig.ts';
import { assertWhole, whyNotNow } from './undisturbed.ts';

describe('a change of leader and of keys', { skip: whyNoTools(), timeout: 240_000 }, () => {
  const rig = useStreams({
    label: 'handover',
    flags: { 'lease-duration': '5s', 'renew-deadline': '3500ms', 'retry-period': '500ms' },
  });

  test('F26 G6 the leader is killed in the middle: the next one knows what was reported', async (t) => {
    await rig.namespace('killed');
    const first = await rig.leader();
    const [second] = await Promise.all([rig.startController(), rig.startController()]);
    await applyQuick(rig, 'killed', {
      trials: { max: 2, parallel: 2, maxFailed: 0 },
      pace: { epochs: 6, epochMs: 300 },
    });
    await isFolding(rig, 'killed');
    const step = async ({ metrics }: typeof second) =>
      sampleOf(await metrics(), 'espalier_trial_step', { namespace: 'killed' });
    assert.equal(await step(second), undefined, 'only the leader shows trials');
    await first.process.kill();
    assert.notEqual((await rig.leader()).name, first.name);
    await assertWhole(t, rig, 'killed');
  });

  test('F26 G6 a leader that was stopped for longer than its lease changes nothing when it wakes', {
    skip: whyNotNow,
  }, async (t) => {
    await rig.namespace('zombie');
    const zombie = await rig.leader();
    const young = rig.controllers.find((one) => one !== zombie && one.process.end === undefined);
    assert.ok(young);
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
      trials: { max: 4, parallel: 2, maxFailed: 0 },
      pace: { epochs: 4, epochMs: 300 },
    });
    await waitFor(
      async () =>
        (await trialsIn(rig.client, 'lost')).some(
          ({ spec, status }) => spec.index >= 2 && (status?.observation?.points ?? 0) > 0,
        ),
      { what: 'the second wave is reporting' },
    );
    const leader = await rig.leader();
    await Promise.all([rig.nats.kill(), leader.process.kill()]);
    await rm(rig.nats.storeFolder, { recursive: true });
    await Promise.all([rig.nats.start(), rig.startController()]);
    await assertWhole(t, rig, 'lost');
  });

  test('F28 the key of trainers is rotated under running trials, and none is lost', async (t) => {
    await rig.namespace('rotated');
    const before = rig.nats.installation;
    await applyQuick(rig, 'rotated', {
      trials: { max: 4, parallel: 2, maxFailed: 0 },
      pace: { epochs: 4, epochMs: 300 },
    });
    await isFolding(rig, 'rotated');
    const rotated = await rotateTrainerKey(before);
    await rig.nats.reload(rotated);
    writeKeys(rig, rotated);
    const old = ['e-00000', 'e-00001'];
    await waitFor(
      async () =>
        (await trialsIn(rig.client, 'rotated')).filter(
          ({ metadata, status }) =>
            old.includes(metadata.name) && status?.completionTime !== undefined,
        ).length === 2,
      { what: 'those of the old key have ended' },
    );
    await rig.nats.reload(await retireTrainerKeys(rotated));
    await assertWhole(t, rig, 'rotated');
    const signerOf = async (trial: string): Promise<string> => {
      const file = rig.node.path('rotated', `${trial}-a0`, '/espalier/credentials/user.creds');
      return decode((await parseCreds(readFileSync(file))).jwt).iss;
    };
    const keyOf = (seed: string) => fromSeed(Buffer.from(seed)).getPublicKey();
    assert.deepEqual(await Promise.all([...old, 'e-00002', 'e-00003'].map(signerOf)), [
      ...[before, before, rotated, rotated].map(({ trainerSeed }) => keyOf(trainerSeed)),
    ]);
  });
});
