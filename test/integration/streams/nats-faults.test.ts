import { cp, rm } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import { whyNoTools } from '../../kit/tools.ts';
import { connectWitness } from '../nats/clients.ts';
import { isFolding } from './quick-experiment.ts';
import { useStreams } from './rig.ts';
import {
  applyAtOnce,
  assertWhole,
  EPOCHS,
  epochsDone,
  TEST_ALL,
  whyNotNow,
} from './undisturbed.ts';

describe('NATS faults from trainer to record', { skip: whyNoTools(), timeout: 1_200_000 }, () => {
  const rig = useStreams({ label: 'nats-faults' });
  let witness: NatsConnection | undefined;
  after(() => witness?.close());

  test('F10 G6 NATS is away at the start: trainers train, and all arrives when it comes', async (t) => {
    await rig.nats.kill();
    await applyAtOnce(rig, 'f10-start');
    await epochsDone(rig, 'f10-start', EPOCHS);
    await rig.nats.start();
    await assertWhole(t, rig, 'f10-start');
  });

  test('F10 G6 NATS hangs in the middle: no step waits for it', async (t) => {
    await applyAtOnce(rig, 'f10-hang');
    await isFolding(rig, 'f10-hang');
    rig.nats.pause();
    await epochsDone(rig, 'f10-hang', EPOCHS);
    if (TEST_ALL) await sleep(10 * 60_000);
    rig.nats.resume();
    await assertWhole(t, rig, 'f10-hang');
  });

  test('F10 G6 all connections are cut again and again, and what passes is slow', {
    skip: whyNotNow,
  }, async (t) => {
    rig.natsProxy.set({ delayMs: 5, bytesPerSecond: 100_000 });
    await applyAtOnce(rig, 'f10-cut');
    const running = epochsDone(rig, 'f10-cut', EPOCHS);
    let isOver = false;
    void running.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await sleep(400);
      rig.natsProxy.cutAll();
    }
    await running;
    rig.natsProxy.set({ delayMs: 0, bytesPerSecond: undefined });
    await assertWhole(t, rig, 'f10-cut');
  });

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
    witness ??= await connectWitness(rig.nats);
    const manager = await witness.jetstreamManager();
    await applyAtOnce(rig, 'f13');
    await isFolding(rig, 'f13');
    await manager.streams.purge('ESPALIER');
    await epochsDone(rig, 'f13', 3);
    await manager.streams.delete('ESPALIER');
    await assertWhole(t, rig, 'f13');
  });

  test('F13 the stream is full: what it cannot hold is sent until it is folded', async (t) => {
    witness ??= await connectWitness(rig.nats);
    const manager = await witness.jetstreamManager();
    await applyAtOnce(rig, 'f13-full');
    await isFolding(rig, 'f13-full');
    const { config } = await manager.streams.info('ESPALIER');
    await manager.streams.update('ESPALIER', { ...config, max_bytes: 4_000 });
    await epochsDone(rig, 'f13-full', EPOCHS);
    await assertWhole(t, rig, 'f13-full');
    t.diagnostic(`the stream may hold ${config.max_bytes} bytes, and held 4000`);
  });
});
