import { cp, rm } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import type { NatsConnection } from 'nats';
import { whyNoTools } from '../../kit/tools.ts';
import { connectWitness } from '../nats/clients.ts';
import { isFolding } from './quick-experiment.ts';
import { useStreams } from './rig.ts';
import { applyAtOnce, assertWhole, epochsDone } from './undisturbed.ts';

describe('NATS that forgets', { skip: whyNoTools(), timeout: 1_200_000 }, () => {
  const rig = useStreams({ label: 'nats-lost' });
  let witness: NatsConnection | undefined;
  after(() => witness?.close());

  test('F11 G6 NATS is killed in the middle and starts again', async (t) => {
    await applyAtOnce(rig, 'f11');
    await isFolding(rig, 'f11');
    await rig.nats.kill();
    await epochsDone(rig, 'f11', 4);
    await rig.nats.start();
    await assertWhole(t, rig, 'f11');
  });

  test('F12 G7 the tail of the stream is lost: trainers send it again', async (t) => {
    await applyAtOnce(rig, 'f12');
    await isFolding(rig, 'f12');
    const copy = rig.nats.folder.file('copy');
    await rig.nats.kill();
    await cp(rig.nats.storeFolder, copy, { recursive: true });
    await rig.nats.start();
    await epochsDone(rig, 'f12', 5);
    await rig.nats.kill();
    await rm(rig.nats.storeFolder, { recursive: true });
    await cp(copy, rig.nats.storeFolder, { recursive: true });
    await rig.nats.start();
    await assertWhole(t, rig, 'f12');
  });

  test('F13 G7 the stream is purged, and then deleted, under running trainers', async (t) => {
    witness = await connectWitness(rig.nats);
    const manager = await witness.jetstreamManager();
    await applyAtOnce(rig, 'f13');
    await isFolding(rig, 'f13');
    await manager.streams.purge('ESPALIER');
    await epochsDone(rig, 'f13', 3);
    await manager.streams.delete('ESPALIER');
    await assertWhole(t, rig, 'f13');
  });
});
