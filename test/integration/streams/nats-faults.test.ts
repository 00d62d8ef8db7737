import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn } from '../k8s/objects.ts';
import { connectWitness } from '../nats/clients.ts';
import { sampleOf } from './controller-process.ts';
import { applyQuick, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers } from './record.ts';
import { type StreamsRig, useStreams } from './rig.ts';

const TEST_ALL = process.env['ESPALIER_TEST_ALL'] === '1';
const TRIALS = TEST_ALL ? 12 : 3;
const EPOCHS = 6;
const POD = 'e-00000-a0';

/** Applies an Experiment whose trials all run at once. */
const apply = (rig: StreamsRig, namespace: string) =>
  applyQuick(rig, namespace, {
    trials: { max: TRIALS, parallel: TRIALS, maxFailed: 0 },
    pace: { epochs: EPOCHS, epochMs: 300 },
  });

/** What a trainer has printed so far; undefined until its pod is there. */
function printed({ node }: StreamsRig, namespace: string, pod = POD): string | undefined {
  try {
    return readFileSync(node.container(namespace, pod).logFile, 'utf8');
  } catch {
    return undefined;
  }
}

/** Resolves once the first trainer has done so many epochs, whatever the servers do. */
const epochsDone = (rig: StreamsRig, namespace: string, epochs: number) =>
  waitFor(() => printed(rig, namespace)?.includes(`epoch ${epochs} of`), {
    what: `the trainer has done ${epochs} epochs`,
    timeoutMs: 60_000,
  });

/** Resolves once the controller has folded something of the first trial. */
async function isFolding(rig: StreamsRig, namespace: string): Promise<void> {
  const leader = await rig.leader();
  const labels = { namespace, trial: 'e-00000' };
  await waitFor(
    async () => sampleOf(await leader.metrics(), 'espalier_trial_step', labels) !== undefined,
    { what: 'the first points are folded' },
  );
}

describe('NATS faults from trainer to record', { skip: whyNoTools(), timeout: 1_200_000 }, () => {
  const rig = useStreams({ label: 'nats-faults' });
  let witness: NatsConnection | undefined;
  after(() => witness?.close());

  const wholeAgain = async (context: TestContext, namespace: string) => {
    const experiment = await succeeded(rig, namespace, 120_000);
    for (const { metadata, status } of await trialsIn(rig.client, namespace)) {
      assert.equal(status?.attempts.length, 1, `${metadata.name} needed no second attempt`);
    }
    assertNothingLost(context, namespace, await compareWithTrainers(rig, experiment));
  };

  test('F10 G6 NATS is away at the start: trainers train, and all arrives when it comes', async (t) => {
    await rig.namespace('f10-start');
    await rig.nats.kill();
    await apply(rig, 'f10-start');
    await epochsDone(rig, 'f10-start', EPOCHS);
    await rig.nats.start();
    await wholeAgain(t, 'f10-start');
  });

  test('F10 G6 NATS hangs in the middle: no step waits for it', async (t) => {
    await rig.namespace('f10-hang');
    await apply(rig, 'f10-hang');
    await isFolding(rig, 'f10-hang');
    rig.nats.pause();
    await epochsDone(rig, 'f10-hang', EPOCHS);
    if (TEST_ALL) await sleep(10 * 60_000);
    rig.nats.resume();
    await wholeAgain(t, 'f10-hang');
  });

  test('F10 G6 all connections are cut again and again, and what passes is slow', async (t) => {
    await rig.namespace('f10-cut');
    rig.natsProxy.set({ delayMs: 20, bytesPerSecond: 20_000 });
    await apply(rig, 'f10-cut');
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
    await wholeAgain(t, 'f10-cut');
  });

  test('F11 G6 NATS is killed in the middle and starts again', async (t) => {
    await rig.namespace('f11');
    await apply(rig, 'f11');
    await isFolding(rig, 'f11');
    await rig.nats.kill();
    await epochsDone(rig, 'f11', 4);
    await rig.nats.start();
    await wholeAgain(t, 'f11');
  });

  test('F12 G7 the tail of the stream is lost: trainers send it again', async (t) => {
    await rig.namespace('f12');
    await apply(rig, 'f12');
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
    await wholeAgain(t, 'f12');
  });

  test('F13 G7 the stream is purged, and then deleted, under running trainers', async (t) => {
    await rig.namespace('f13');
    witness = await connectWitness(rig.nats);
    const manager = await witness.jetstreamManager();
    await apply(rig, 'f13');
    await isFolding(rig, 'f13');
    await manager.streams.purge('ESPALIER');
    await epochsDone(rig, 'f13', 3);
    await manager.streams.delete('ESPALIER');
    await wholeAgain(t, 'f13');
  });
});
