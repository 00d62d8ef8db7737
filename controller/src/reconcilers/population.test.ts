import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTerminalTrial, type Trial } from '@espalier/api';
import { arrivalsBasis } from '../domain/population/new-member.ts';
import { experiment } from '../domain/testing/builders.ts';
import {
  begin,
  check,
  children,
  exploited,
  rate,
  SIZE,
  SPEC,
  trainer,
  verified,
} from './testing/population.ts';
import { settleDown } from './testing/run-to-end.ts';
import { World } from './testing/world.ts';

test('the worst members give their places to what the best ones have learned', async (t) => {
  const world = await begin();
  const { status } = await world.finish();
  check(world);
  verified(world);
  assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'PopulationTrained']);
  const done = world.trials().filter(({ status: own }) => own?.phase === 'Succeeded');
  assert.equal(done.length, SIZE);
  assert.ok(exploited(world).length > 2);
  assert.equal(children(world).length, exploited(world).length);
  for (const { spec } of children(world)) assert.ok(spec.parent, 'it has a donor');
  // Nobody reports what its donor did, and its clock goes on.
  for (const { spec, status: own } of children(world)) {
    const first = own?.rungs[0]?.step;
    assert.ok(first === undefined || first === (spec.parent?.epoch ?? 0) + 1);
  }
  const best = (indices: readonly Trial[]) => Math.max(...indices.map(rate));
  assert.ok(best(world.trials()) > best(world.trials().slice(0, SIZE)), 'parameters got better');
  t.diagnostic(`${exploited(world).length} members gave their places away`);
});

test('G15 the same population again decides the same', async () => {
  const [first, second] = await Promise.all([begin(), begin()]);
  await first.finish();
  await second.finish();
  const told = (world: World) =>
    world.trials().map(({ spec, status }) => {
      const { parent } = spec;
      return { ...spec, parent: parent && { ...parent, uid: '' }, rungs: status?.rungs };
    });
  assert.deepEqual(told(first), told(second));
});

test('a member whose betters have no whole checkpoint goes on, and says so', async () => {
  const world = await begin();
  for (let index = 0; index < 40; index++) {
    world.stored.withoutCheckpoint.add(`a-${String(index).padStart(5, '0')}`);
  }
  await world.finish();
  verified(world);
  assert.equal(exploited(world).length, 0);
  const rungs = world.trials().flatMap(({ status }) => status?.rungs ?? []);
  assert.ok(rungs.some(({ spared }) => spared === true));
  assert.equal(world.trials().length, SIZE);
});

test('a member whose parent is lost never starts with other weights, and another one follows', async () => {
  const world = await begin();
  for (const name of ['a-00004', 'a-00006']) world.stored.lostParentsOf.add(name);
  const { status } = await world.finish();
  verified(world);
  const lost = world.trials().filter((one) => one.status?.reason === 'ParentLost');
  assert.deepEqual(
    lost.map(({ metadata, status: own }) => [metadata.name, own?.phase, own?.attempts]),
    [
      ['a-00004', 'Stopped', []],
      ['a-00006', 'Stopped', []],
    ],
  );
  for (const { metadata } of lost) assert.ok(!world.starts.has(`team/${metadata.name}-a0`));
  assert.equal(status?.reason, 'PopulationTrained');
  assert.equal(children(world).length, exploited(world).length + lost.length);
});

test('U16 a donor that ended keeps its checkpoints until its last child has ended', async () => {
  const world = await begin();
  const dropped = () => [...world.stored.dropped];
  const seen = new Set<string>();
  while (world.experiment()?.status?.completionTime === undefined) {
    await world.step();
    const trials = world.trials();
    for (const { spec, status } of trials) {
      if (spec.parent === undefined || isTerminalTrial(status?.phase)) continue;
      seen.add(spec.parent.trial);
      assert.ok(
        !dropped().some((key) => key.includes(spec.parent?.trial ?? '')),
        spec.parent.trial,
      );
    }
  }
  await settleDown(world);
  assert.ok(seen.size > 0);
  const best = world.experiment()?.status?.best?.trial;
  const kept = [...seen].filter((name) => !dropped().some((key) => key.includes(name)));
  assert.ok(
    kept.every((name) => name === best),
    `kept ${kept.join(', ')}, best ${best}`,
  );
});

test('whoever would not be replaced is not stopped: under Pause and Stop all members go on', async () => {
  for (const desiredState of ['Pause', 'Stop'] as const) {
    const world = await begin();
    await world.step();
    world.cluster.editSpec({ namespace: 'team', name: 'a' }, () => ({ desiredState }));
    for (let i = 0; i < 60; i++) await world.step(1000);
    assert.equal(exploited(world).length, 0);
    const done = world.trials().filter(({ status }) => status?.phase === 'Succeeded');
    assert.equal(done.length, SIZE);
    verified(world);
  }
});

test('a store that is away delays who is replaced, and nothing else', async () => {
  const world = await begin();
  await world.step();
  world.stored.isDown = true;
  for (let i = 0; i < 12; i++) await world.step(1000);
  assert.equal(exploited(world).length, 0);
  assert.ok(world.runningPods().length > 0, 'training goes on');
  world.stored.isDown = false;
  const { status } = await world.finish();
  assert.equal(status?.phase, 'Succeeded');
  check(world);
  verified(world);
});

test('trials.max bounds all members; whoever cannot be replaced goes on', async () => {
  const world = await begin({ ...SPEC, trials: { max: SIZE + 2, parallel: SIZE, maxFailed: 9 } });
  const { status } = await world.finish();
  verified(world);
  assert.equal(world.trials().length, SIZE + 2);
  assert.equal(exploited(world).length, 2);
  assert.ok(world.trials().some((one) => one.status?.rungs.some(({ spared }) => spared === true)));
  assert.equal(status?.phase, 'Succeeded');
  const done = world.trials().filter(({ status: own }) => own?.phase === 'Succeeded');
  assert.equal(done.length, SIZE);
});

test('of two that are poor at once only one gives up its place where trials.max has room for one', async () => {
  const world = new World({
    trainer: (trial) => ({ ...trainer(trial, 0), epochMs: 60_000, ignoresSigterm: true }),
  });
  world.cluster.apply(
    experiment({ ...SPEC, trials: { max: SIZE + 1, parallel: SIZE, maxFailed: 9 } }),
  );
  world.start();
  await world.finish();
  verified(world);
  assert.equal(world.trials().length, SIZE + 1);
  assert.equal(exploited(world).length, 1);
  const done = world.trials().filter(({ status }) => status?.phase === 'Succeeded');
  assert.equal(done.length, SIZE);
});

test('a member that diverges or fails is replaced as well', async () => {
  const world = new World({
    trainer: (trial, attempt) => {
      const told = trainer(trial, attempt);
      if (trial.spec.index === 0) return { values: [9, 9, 9], end: { exitCode: 21 } };
      if (trial.spec.index === 1) return { values: [], end: { exitCode: 137, oomKilled: true } };
      if (trial.spec.index === 2) return { ...told, values: [Number.NaN, 1] };
      return told;
    },
  });
  world.cluster.apply(experiment(SPEC));
  world.start();
  await world.finish();
  check(world);
  verified(world);
  const reasons = world.trials().map(({ status }) => status?.reason);
  assert.deepEqual(reasons.slice(0, 3), ['Diverged', 'OOMKilled', 'Diverged']);
  assert.equal(reasons.filter((reason) => reason === 'Completed').length, SIZE);
});

test('a basis of a population names the arrivals that were seen', () => {
  assert.deepEqual([0, 1, 18].map(arrivalsBasis), ['', '0', '0-17']);
});
