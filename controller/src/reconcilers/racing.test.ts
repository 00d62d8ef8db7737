import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import type { SpecInput } from '../domain/testing/builders.ts';
import { recomputed } from '../domain/testing/recomputed.ts';
import { runToEnd } from './testing/run-to-end.ts';
import type { Trainer, World, WorldOptions } from './testing/world.ts';

const SEEDS = [11, 12, 13, 14];
const HELD_BACK = [21, 22, 23];
const SPEC: SpecInput = {
  parameters: [{ name: 'lr', float: { min: 0.001, max: 0.1, scale: 'log' } }],
  search: { algorithm: 'tpe', seed: 1 },
  replicates: {
    parameter: 'seed',
    values: SEEDS,
    racing: { algorithm: 'asha', eta: 2, confirm: { top: 2, values: HELD_BACK } },
  },
  trials: { max: 8, parallel: 3, maxFailed: 8 },
  attempts: { maxRetries: 0, maxDisruptions: 0 },
};

const number = (trial: Trial, name: string) => {
  const found = trial.spec.parameters.find((parameter) => parameter.name === name);
  return found?.float ?? found?.int ?? 0;
};

/** Better the nearer to 0.01, with noise that the seed and the rate give. */
const trainer: Trainer = (trial) => {
  const rate = number(trial, 'lr');
  const noise = Math.sin(1000 * number(trial, 'seed') * rate) / 20;
  const value = 1 - Math.abs(Math.log10(rate) + 2) / 4 + noise;
  return { values: [value / 2, value], epochMs: 500 + 100 * (trial.spec.index % 3) };
};

const run = (
  options: Partial<WorldOptions> = {},
  { crash, spec = SPEC }: { crash?: World['writes']['crashAt']; spec?: SpecInput } = {},
) => runToEnd(spec, { trainer, ...options }, crash);

function verify(world: World) {
  const object = world.experiment();
  assert.ok(object);
  return recomputed(object, world.trials(), { oneController: true });
}

/** The seeds that each configuration was run on, in the order of creation. */
function seedsOf(world: World): readonly (readonly number[])[] {
  const seeds: number[][] = [];
  for (const trial of world.trials()) {
    const own = seeds[trial.spec.configuration] ?? [];
    seeds[trial.spec.configuration] = [...own, number(trial, 'seed')];
  }
  return seeds;
}

test('a race gives more seeds to fewer, the same to all, and confirms the leaders on others', async () => {
  const world = await run();
  const seeds = seedsOf(world);
  assert.equal(seeds.length, 8);
  const race = seeds.map((own) => own.filter((seed) => SEEDS.includes(seed)));
  for (const own of race) assert.deepEqual(own, SEEDS.slice(0, own.length));
  const sizes = race.map((own) => own.length).sort();
  assert.ok(sizes.filter((size) => size === 1).length >= 4, `${sizes}`);
  assert.ok(sizes.includes(4), `${sizes}`);
  assert.ok(
    sizes.every((size) => [1, 2, 4].includes(size)),
    `${sizes}`,
  );
  const confirmed = seeds.map((own) => own.filter((seed) => HELD_BACK.includes(seed)));
  assert.equal(confirmed.filter((own) => own.length > 0).length, 2);
  for (const own of confirmed) assert.ok(own.length === 0 || own.length === HELD_BACK.length);
  assert.ok(world.trials().length < 8 * (SEEDS.length + HELD_BACK.length));
  const best = world.experiment()?.status?.best;
  assert.deepEqual([best?.replicates, best?.confirmed], [HELD_BACK.length, true]);
  const values = world
    .trials()
    .filter((trial) => trial.spec.configuration === best?.configuration)
    .filter((trial) => HELD_BACK.includes(number(trial, 'seed')))
    .map(({ status }) => status?.observation?.value ?? Number.NaN);
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  assert.ok(
    Math.abs((best?.value ?? 0) - mean) < 1e-12,
    'the value is that of the held-back seeds',
  );
  const { low = 0, high = 0 } = best?.interval ?? {};
  assert.ok(low < mean && mean < high);
  assert.equal(world.experiment()?.status?.progress, '8/8');
});

test('G8 the best of a race keeps its checkpoint, and at the end only the best does', async () => {
  const world = await run();
  const best = world.experiment()?.status?.best;
  assert.ok(best?.checkpoint !== undefined);
  const holders = world
    .trials()
    .filter(({ status }) => status?.artifacts?.checkpoint !== undefined);
  assert.deepEqual(
    holders.map(({ metadata }) => metadata.name),
    [best.trial],
  );
});

test('K6 G8 failures, divergence and refusal in a race wedge nothing and never win', async () => {
  const troubled: Trainer = (trial, attempt) => {
    const { configuration, replicate } = trial.spec;
    if (configuration === 1) return { values: [], end: { exitCode: 1 } };
    if (configuration === 3) return { values: [], end: { exitCode: 20 } };
    if (replicate === 1 && configuration % 2 === 0)
      return { values: [2, Number.NaN], end: { exitCode: 21 } };
    return trainer(trial, attempt);
  };
  const world = await run({ trainer: troubled });
  const { status } = world.experiment() ?? {};
  assert.equal(status?.phase, 'Succeeded');
  assert.deepEqual([status?.configurations?.failed, status?.configurations?.invalid], [1, 1]);
  assert.equal(status?.best?.configuration === undefined, false);
  assert.equal((status?.best?.configuration ?? 0) % 2, 1, 'those of even numbers diverged');
  const { differences, unknowns } = verify(world);
  assert.deepEqual([differences, unknowns], [[], []]);
});

test('wilcoxon runs a configuration on until it is clearly worse', async () => {
  const racing = { algorithm: 'wilcoxon' as const, eta: 2 };
  const spec = {
    ...SPEC,
    replicates: { parameter: 'seed', values: [1, 2, 3, 4, 5, 6], racing },
    trials: { max: 6, parallel: 1, maxFailed: 6 },
  };
  const calm: Trainer = (trial) => {
    const value = 1 - trial.spec.configuration / 10 + number(trial, 'seed') / 100;
    return { values: [value] };
  };
  const world = await run({ trainer: calm }, { spec });
  const sizes = seedsOf(world).map((own) => own.length);
  assert.deepEqual(sizes, [6, 2, 2, 2, 2, 2]);
  assert.equal(world.experiment()?.status?.best?.replicates, 6);
  assert.deepEqual(verify(world).differences, []);
});

test('G15 a race whose record was changed by hand does not follow from it any more', async () => {
  const world = await run();
  const trials = world.trials();
  const object = world.experiment();
  assert.ok(object);
  const whatOf = (change: (trial: Trial) => Trial['spec']): readonly string[] => {
    const changed = trials.map((trial) => ({ ...trial, spec: change(trial) }));
    const value = recomputed(object, changed, { oneController: true });
    return value.differences.map(({ what }) => what);
  };
  assert.deepEqual(
    whatOf(({ spec }) => spec),
    [],
  );
  const last = trials.at(-1)?.spec.index;
  const other = whatOf(({ spec }) => (spec.index === last ? { ...spec, configuration: 0 } : spec));
  assert.deepEqual(other, ['configuration and replicate']);
  // The last decision saw nothing but the first rung: somebody else would have been next.
  const blind = whatOf(({ spec }) => {
    return spec.index === last ? { ...spec, basis: '!0-7//' } : spec;
  });
  assert.deepEqual(blind, ['basis']);
  const value = whatOf(({ spec }) => {
    const parameters = spec.parameters.map((one) => {
      return one.name === 'seed' && spec.index === 5 ? { name: 'seed', int: 99 } : one;
    });
    return { ...spec, parameters };
  });
  assert.deepEqual(value, ['parameter seed']);
});

const modes: Record<string, Partial<WorldOptions>> = {
  'whose pods run on': { isLocal: false },
  'whose pods and views die with it': { isLocal: true },
  'whose caches lag': { isLagging: true },
};
/** Every so many of about 150 writes. */
const STRIDE = process.env['ESPALIER_TEST_ALL'] === '1' ? 1 : 7;
for (const [mode, options] of Object.entries(modes)) {
  test(`G1 G9 G14 G15 a race under a controller ${mode}, killed at a write, is recomputed`, async (t) => {
    const reference = await run(options);
    const writes = reference.writes.names.length;
    let [kills, decisions] = [0, 0];
    for (let at = 1; at < writes; at += STRIDE) {
      const when = at % 2 === 0 ? 'before' : 'after';
      const world = await run(options, { crash: { number: at, when } });
      const place = `${when} write ${at}, ${reference.writes.names[at]}`;
      kills += world.restarts;
      assert.equal(world.experiment()?.status?.best?.confirmed, true, place);
      const runs = world.trials().map(({ spec }) => `${spec.configuration}/${spec.replicate}`);
      assert.equal(new Set(runs).size, runs.length, `${place}: a replicate was made twice`);
      assert.deepEqual([world.overlaps, world.excess], [0, 0], place);
      const found = verify(world);
      assert.deepEqual([found.differences, found.unknowns, found.missing], [[], [], []], place);
      decisions += found.suggestions.equal;
    }
    assert.ok(kills > 10, `${kills} kills`);
    t.diagnostic(`${kills} kills among ${writes} writes, ${decisions} decisions recomputed`);
  });
}
