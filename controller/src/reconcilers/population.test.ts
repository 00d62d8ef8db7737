import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignmentValue, isTerminalTrial, type Trial } from '@espalier/api';
import { isInSpace } from '@espalier/search';
import { problemOf } from '../domain/experiment/check.ts';
import { configurationOf } from '../domain/experiment/problem.ts';
import { verifying } from '../domain/experiment/verify.ts';
import { arrivalsBasis } from '../domain/population/new-member.ts';
import { experiment, type SpecInput } from '../domain/testing/builders.ts';
import { type Chance, chanceOf, pick } from '../domain/testing/sweep-spec.ts';
import { type Trainer, World } from './testing/world.ts';

const EPOCHS = 8;
const SIZE = 4;
const SPEC: SpecInput = {
  parameters: [
    { name: 'lr', float: { min: 0.1, max: 1 } },
    { name: 'batch', int: { values: [16, 32, 64] } },
    { name: 'loss', string: { values: ['a', 'b'] } },
  ],
  search: { algorithm: 'pbt', seed: 3, population: { size: SIZE, max: EPOCHS, quantile: 0.5 } },
  trials: { max: 40, parallel: SIZE, maxFailed: 40 },
  attempts: { maxRetries: 2, maxDisruptions: 40 },
};

const rate = ({ spec }: Trial) => {
  const [lr] = spec.parameters;
  return lr === undefined ? 0 : (assignmentValue(lr) as number);
};

/** The better the rate, the better the value; members train at speeds of their own. */
const trainer: Trainer = (trial) => ({
  values: Array.from({ length: EPOCHS }, (_, epoch) => rate(trial) * (epoch + 1)),
  epochMs: 1000 + trial.spec.index * 37,
});

interface Story {
  readonly world: World;
  readonly exploits: number;
}

/** What must hold at any moment, whatever has happened. */
function check(world: World, size = SIZE): void {
  const trials = world.trials();
  const active = trials.filter(({ status }) => !isTerminalTrial(status?.phase));
  assert.ok(active.length <= size, `${active.length} members`);
  const byName = new Map(trials.map((trial) => [trial.metadata.name, trial]));
  const { spec } = world.experiment() ?? experiment(SPEC);
  const { space } = problemOf(spec);
  for (const trial of trials) {
    assert.ok(isInSpace(space, configurationOf(spec, trial.spec)), trial.metadata.name);
    const { parent, index } = trial.spec;
    if (parent === undefined) continue;
    const donor = byName.get(parent.trial);
    assert.equal(donor?.metadata.uid, parent.uid);
    assert.ok((donor?.spec.index ?? index) < index, 'a lineage leads back in time');
    const steps = trial.status?.rungs.map(({ step }) => step) ?? [];
    assert.ok(steps.every((step) => step > (parent.epoch ?? 0)));
  }
}

function verified(world: World): void {
  const object = world.experiment();
  assert.ok(object);
  const work = verifying(object, world.trials(), { oneController: true });
  for (;;) {
    const { done, value } = work.next();
    if (done !== true) continue;
    assert.deepEqual(value.differences, []);
    assert.deepEqual(value.unknowns, []);
    assert.equal(value.suggestions.equal, world.trials().length);
    return;
  }
}

const exploited = (world: World) =>
  world.trials().filter(({ status }) => status?.reason === 'Exploited');
const children = (world: World) => world.trials().filter(({ spec }) => spec.index >= SIZE);

async function begin(spec: SpecInput = SPEC, isLocal = false): Promise<World> {
  const world = new World({ trainer, isLocal });
  world.cluster.apply(experiment(spec));
  world.start();
  return world;
}

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
  for (let i = 0; i < 5; i++) await world.step();
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

test('G1 G2 G9 a controller that is killed before or after any write leaves a whole population', async (t) => {
  const undisturbed = await begin();
  await undisturbed.finish();
  const writes = undisturbed.writes.names.length;
  const stride = process.env['ESPALIER_TEST_ALL'] === '1' ? 1 : 5;
  let kills = 0;
  for (const when of ['before', 'after'] as const) {
    for (let number = 0; number < writes; number += stride) {
      const world = new World({ trainer, isLocal: number % 2 === 0 });
      world.writes.crashAt = { number, when };
      world.cluster.apply(experiment(SPEC));
      world.start();
      const { status } = await world.finish();
      kills += world.restarts;
      check(world);
      verified(world);
      assert.equal(status?.reason, 'PopulationTrained');
      assert.equal(world.overlaps + world.excess, 0);
    }
  }
  t.diagnostic(`${writes} writes, ${kills} kills`);
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

test('G1 G15 whatever happens to members, the population stays whole and its record is recomputed', async (t) => {
  const sum = { stories: 0, trials: 0, exploits: 0, restarts: 0 };
  const stories = process.env['ESPALIER_TEST_ALL'] === '1' ? 300 : 30;
  for (let seed = 1; seed <= stories; seed++) {
    const { world, exploits } = await story(chanceOf(seed));
    sum.stories += 1;
    sum.trials += world.trials().length;
    sum.exploits += exploits;
    sum.restarts += world.restarts;
  }
  assert.ok(sum.exploits > stories);
  t.diagnostic(JSON.stringify(sum));
});

async function story(chance: Chance): Promise<Story> {
  const size = pick(chance, [2, 4, 6]);
  const population = {
    size,
    max: EPOCHS,
    interval: pick(chance, [1, 2]),
    quantile: pick(chance, [0.25, 0.5]),
    resampleProbability: chance(),
  };
  const world = await begin(
    {
      ...SPEC,
      search: { algorithm: 'pbt', seed: Math.floor(chance() * 99), population },
      trials: { max: 30, parallel: pick(chance, [size, Math.max(1, size - 1)]), maxFailed: 99 },
    },
    chance() < 0.3,
  );
  for (let i = 0; i < 25; i++) {
    await world.step(5_000);
    check(world, size);
    const pods = world.runningPods();
    const dice = chance();
    const name = pods.length === 0 ? undefined : pick(chance, pods);
    if (dice < 0.1) await world.restart();
    else if (name === undefined) continue;
    else if (dice < 0.2) world.end(name, { exitCode: 143, disrupted: true });
    else if (dice < 0.25) world.end(name, { exitCode: 1 });
    else if (dice < 0.3) world.end(name, { exitCode: 21 });
    else if (dice < 0.4) world.stored.withoutCheckpoint.add(`a-0000${Math.floor(chance() * 9)}`);
    else if (dice < 0.5) world.stored.withoutCheckpoint.clear();
  }
  const { status } = await world.finish();
  check(world, size);
  verified(world);
  assert.ok(['PopulationTrained', 'MaxTrialsReached'].includes(status?.reason ?? ''));
  for (const { spec } of world.trials()) {
    if (spec.index >= size) assert.match(spec.basis ?? '', /^(0-)?\d+$|^$/);
    else assert.equal(spec.basis, undefined);
  }
  assert.equal(world.excess, 0);
  assert.equal(world.overlaps, 0);
  return { world, exploits: exploited(world).length };
}

test('a basis of a population names the arrivals that were seen', () => {
  assert.deepEqual([0, 1, 18].map(arrivalsBasis), ['', '0', '0-17']);
});
