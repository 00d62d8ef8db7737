import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyNoTools } from '../../kit/tools.ts';
import { isFolding } from './quick-experiment.ts';
import { useStreams } from './rig.ts';
import { applyAtOnce, assertWhole, EPOCHS, epochsDone, TEST_ALL } from './undisturbed.ts';

describe('NATS out of reach', { skip: whyNoTools(), timeout: 1_200_000 }, () => {
  const rig = useStreams({ label: 'nats-away' });

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

  test('F10 G6 all connections are cut again and again, and what passes is slow', async (t) => {
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
});
