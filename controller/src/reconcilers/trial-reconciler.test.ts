import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, trial } from '../domain/testing/builders.ts';
import { ConflictError, TerminalError } from '../ports/errors.ts';
import { World } from './testing/world.ts';

test('G1 F7 a pod that only the cache has lost is not taken for gone', async () => {
  const world = new World({ trainer: () => ({ values: [0.5, 0.6, 0.7] }) });
  world.cluster.apply(experiment({ trials: { max: 1 } }));
  world.start();
  await world.step();
  await world.step();
  assert.equal(world.trials()[0]?.status?.phase, 'Running');
  // The cache travels back to before the pod existed, and something makes us look.
  const podsOf = world.cluster.podsOf.bind(world.cluster);
  world.cluster.podsOf = () => [];
  world.cluster.editSpec({ namespace: 'team', name: 'a' }, () => ({}));
  await world.quiesce();
  assert.equal(world.starts.size, 1, 'no second pod');
  assert.deepEqual(world.trials()[0]?.status?.attempts, [], 'nothing is counted');
  world.cluster.podsOf = podsOf;
  await world.finish();
  assert.deepEqual(
    world.trials()[0]?.status?.attempts.map(({ outcome }) => outcome),
    ['Succeeded'],
  );
});

test('F20 a pod that is really gone is replaced', async () => {
  const world = new World({ trainer: () => ({ values: [0.5, 0.6, 0.7] }) });
  world.cluster.apply(experiment({ trials: { max: 1 } }));
  world.start();
  await world.step();
  await world.step();
  world.end('team/a-00000-a0', { exitCode: 137 });
  world.cluster.removePod('team/a-00000-a0');
  await world.finish();
  const outcomes = world.trials()[0]?.status?.attempts.map(({ outcome }) => outcome);
  assert.equal(outcomes?.at(-1), 'Succeeded');
});

test('F19 an admission that refuses the pod for good fails the trial at once', async () => {
  const world = new World({ trainer: () => ({ values: [0.5] }) });
  world.cluster.createPod = () => Promise.reject(new TerminalError('quota says never'));
  world.cluster.apply(experiment({ trials: { max: 2, maxFailed: 5 } }));
  world.start();
  const { status } = await world.finish();
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'NoValue']);
  for (const { status: seen } of world.trials()) {
    assert.deepEqual([seen?.reason, seen?.message], ['Unstartable', 'quota says never']);
  }
});

test('F3 a status that somebody else changed is planned anew', async () => {
  const world = new World({ trainer: () => ({ values: [0.5] }) });
  const write = world.cluster.writeTrialStatus.bind(world.cluster);
  let conflicts = 3;
  world.cluster.writeTrialStatus = (object, status, kind) =>
    conflicts-- > 0 ? Promise.reject(new ConflictError('changed')) : write(object, status, kind);
  world.cluster.apply(experiment({ trials: { max: 1 } }));
  world.start();
  const { status } = await world.finish();
  assert.equal(status?.phase, 'Succeeded');
  assert.ok(conflicts < 0);
});

test('F2 a trial that exists is taken as it is, whatever was to be created', async () => {
  const world = new World({ trainer: () => ({ values: [0.5] }) });
  const parent = experiment({ trials: { max: 2 } });
  world.cluster.apply(parent);
  await world.cluster.createTrial(parent, trial('a-00000').spec);
  world.start();
  await world.finish();
  assert.deepEqual(world.trials()[0]?.spec.parameters, [{ name: 'lr', float: 0.01 }]);
});

test('an abort finishes the write in hand and begins no other', async () => {
  const world = new World({ trainer: () => ({ values: [0.5] }) });
  world.cluster.apply(experiment({ trials: { max: 8, parallel: 8 } }));
  world.start();
  await world.stop();
  const before = world.writes.names.length;
  await world.quiesce();
  assert.equal(world.writes.names.length, before);
  assert.ok(before <= 3);
});

test('G5 G14 a trial that waits for a slot is told when one comes free', async () => {
  // The first one fails, so that no new best wakes anybody.
  const world = new World({
    trainer: ({ spec: { index } }, attempt) => ({
      values: [0.5, 0.6, 0.7],
      end: { exitCode: index === 0 && attempt === 1 ? 30 : 0 },
    }),
  });
  world.cluster.apply(experiment({ trials: { max: 2, parallel: 2 } }));
  world.start();
  await world.step();
  world.cluster.editSpec({ namespace: 'team', name: 'a' }, ({ trials }) => ({
    trials: { ...trials, parallel: 1 },
  }));
  await world.quiesce();
  for (const pod of world.runningPods()) world.end(pod, { exitCode: 143, disrupted: true });
  await world.quiesce();
  assert.deepEqual(world.runningPods(), ['team/a-00000-a1']);
  const { status } = await world.finish();
  assert.equal(status?.progress, '2/2');
  assert.equal(world.excess, 0);
});
