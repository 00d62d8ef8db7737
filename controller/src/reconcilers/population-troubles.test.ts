import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment } from '../domain/testing/builders.ts';
import { type Chance, chanceOf, pick } from '../domain/testing/sweep-spec.ts';
import { begin, check, EPOCHS, exploited, SPEC, trainer, verified } from './testing/population.ts';
import { World } from './testing/world.ts';

interface Story {
  readonly world: World;
  readonly exploits: number;
}

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
