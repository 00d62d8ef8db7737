import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import { experiment, type SpecInput } from '../domain/testing/builders.ts';
import { recomputed } from '../domain/testing/recomputed.ts';
import { runToEnd } from './testing/run-to-end.ts';
import { type Trainer, World, type WorldOptions } from './testing/world.ts';

const SPEC: SpecInput = {
  trials: { max: 9, parallel: 3, maxFailed: 9 },
  attempts: { maxRetries: 0, maxDisruptions: 0 },
  earlyStopping: { algorithm: 'asha-promotion', min: 1, max: 9, eta: 3 },
};
const TOPS = [0.3, 0.9, 0.5, 0.1, 0.8, 0.2, 0.7, 0.4, 0.6];
const EPOCHS = 9;

const trainer: Trainer = ({ spec: { index } }) => ({
  values: Array.from({ length: EPOCHS }, (_, epoch) => (TOPS[index] ?? 0) - 0.01 * (8 - epoch)),
});

const run = (
  options: Partial<WorldOptions>,
  { crash, spec = SPEC }: { crash?: World['writes']['crashAt']; spec?: SpecInput } = {},
) => runToEnd(spec, { trainer, ...options }, crash);

function differencesOf(world: World): readonly unknown[] {
  const object = world.experiment();
  assert.ok(object);
  const value = recomputed(object, world.trials(), { oneController: true });
  return [...value.differences, ...value.unknowns];
}

const pausesOf = ({ status }: Trial) =>
  (status?.attempts ?? []).filter(({ outcome }) => outcome === 'Paused').length;

test('U23 a promoted trial goes on where it paused, and pauses use up no budget', async () => {
  const world = await run({});
  const trials = world.trials();
  assert.equal(world.experiment()?.status?.reason, 'MaxTrialsReached');
  assert.equal(world.experiment()?.status?.best?.configuration, 1);
  const phases = trials.map(({ status }) => `${status?.phase} ${status?.reason}`);
  assert.equal(phases[1], 'Succeeded Completed');
  assert.equal(phases.filter((phase) => phase === 'Stopped EarlyStopped').length, 8);
  assert.ok(trials.every(({ status }) => status?.phase !== 'Paused'));
  assert.equal(pausesOf(trials[1] as Trial) >= 1, true, 'the winner paused at least once');
  // Every epoch of the winner was trained once: a resumed attempt did not begin anew.
  assert.equal(trials[1]?.status?.observation?.points, EPOCHS);
  assert.deepEqual(differencesOf(world), []);
});

test('what nobody promotes ends with the value it had, and gives up its slot at once', async () => {
  const world = await run({});
  const last = world.trials()[3]?.status;
  assert.deepEqual([last?.phase, last?.reason], ['Stopped', 'EarlyStopped']);
  assert.match(last?.message ?? '', /promotion that did not come/);
  assert.ok((last?.observation?.value ?? 0) > 0);
  assert.equal(world.peak, 3);
  assert.equal(world.excess, 0);
});

test('K6 a trial that fails after its promotion wedges nothing', async () => {
  const failing: Trainer = (trial, attempt) =>
    trial.spec.index === 1 && attempt > 0
      ? { values: [], end: { exitCode: 1 } }
      : trainer(trial, attempt);
  const world = await run({ trainer: failing });
  const phases = world.trials().map(({ status }) => status?.phase);
  assert.equal(phases[1], 'Failed');
  assert.ok(phases.includes('Succeeded'), 'another one was trained to the end');
  assert.deepEqual(differencesOf(world), []);
});

test('a paused Experiment promotes nobody, and one that is to stop ends the paused ones', async () => {
  const world = new World({ trainer });
  world.cluster.apply(experiment(SPEC));
  world.start();
  const isOneOf = (phase: string) => world.trials().some(({ status }) => status?.phase === phase);
  while (!isOneOf('Paused')) await world.step();
  world.cluster.apply(experiment({ ...SPEC, desiredState: 'Stop' }));
  const ended = await world.finish();
  assert.equal(ended.status?.reason, 'StopRequested');
  for (const { status } of world.trials()) {
    assert.ok(['Stopped', 'Succeeded'].includes(status?.phase ?? ''), status?.phase);
  }
});

test('G15 the search learns from trials that wait, by the value where they wait', async () => {
  const spec: SpecInput = {
    ...SPEC,
    search: { algorithm: 'tpe', seed: 1 },
    trials: { max: 20, parallel: 2, maxFailed: 9 },
  };
  const near: Trainer = ({ spec: { parameters } }) => {
    const rate = parameters[0]?.float ?? 1;
    const top = 1 - Math.abs(Math.log10(rate) + 2) / 4;
    return { values: Array.from({ length: EPOCHS }, (_, epoch) => top - 0.01 * (8 - epoch)) };
  };
  const world = await run({ trainer: near }, { spec });
  const bases = world.trials().map(({ spec: { basis } }) => basis ?? '');
  assert.ok(
    bases.some((basis) => /;1:\d/.test(basis)),
    bases.join(' '),
  );
  assert.deepEqual(differencesOf(world), []);
  const object = world.experiment();
  assert.ok(object);
  // The one that is seen to wait where it never was.
  const changed = world.trials().map((trial) => {
    const { basis } = trial.spec;
    if (trial.spec.index !== 19) return trial;
    return { ...trial, spec: { ...trial.spec, basis: basis?.replace(';1:', ';2:') ?? '' } };
  });
  const value = recomputed(object, changed, { oneController: true });
  assert.deepEqual(
    value.differences.map(({ trial, what }) => `${trial} ${what}`),
    ['a-00019 basis'],
  );
});

test('hyperband judges each bracket among its own', async () => {
  const spec: SpecInput = {
    ...SPEC,
    trials: { max: 24, parallel: 3, maxFailed: 9 },
    earlyStopping: { algorithm: 'hyperband', min: 1, max: 9, eta: 3, minRungSize: 2 },
  };
  const many: Trainer = (trial, attempt) => {
    const { index } = trial.spec;
    return trainer({ ...trial, spec: { ...trial.spec, index: index % 9 } }, attempt);
  };
  const world = await run({ trainer: many }, { spec });
  const rungs = world.trials().map(({ status }) => status?.rungs ?? []);
  const firsts = new Set(rungs.flatMap(([first]) => (first === undefined ? [] : [first.step])));
  assert.deepEqual([...firsts].sort(), [1, 3]);
  assert.ok(
    rungs.some((list) => list.length === 0),
    'one bracket is never judged',
  );
  assert.ok(rungs.flat().some(({ verdict }) => verdict === 'stop'));
  assert.deepEqual(differencesOf(world), []);
});

const modes: Record<string, Partial<WorldOptions>> = {
  'whose pods run on': { isLocal: false },
  'whose pods and views die with it': { isLocal: true },
  'whose caches lag': { isLagging: true },
};
/** Every so many of about 110 writes. */
const STRIDE = process.env['ESPALIER_TEST_ALL'] === '1' ? 1 : 5;
for (const [mode, options] of Object.entries(modes)) {
  test(`U23 G1 G9 G14 G15 promotion by a controller ${mode}, killed at a write`, async (t) => {
    const reference = await run(options);
    const writes = reference.writes.names.length;
    let kills = 0;
    let promotions = 0;
    for (let number = 1; number < writes; number += STRIDE) {
      const when = number % 2 === 0 ? 'before' : 'after';
      const world = await run(options, { crash: { number, when } });
      const place = `${when} write ${number}, ${reference.writes.names[number]}`;
      kills += world.restarts;
      const trials = world.trials();
      assert.deepEqual(
        trials.filter(({ status }) => status?.phase === 'Succeeded').length >= 1,
        true,
        place,
      );
      assert.equal(world.experiment()?.status?.best?.configuration, 1, place);
      assert.ok(
        trials.every(({ status }) => status?.completionTime !== undefined),
        place,
      );
      assert.deepEqual([world.overlaps, world.excess], [0, 0], place);
      for (const [pod, starts] of world.starts) assert.equal(starts, 1, `${pod} ${place}`);
      assert.deepEqual(differencesOf(world), [], place);
      promotions += trials
        .flatMap(({ status }) => status?.rungs ?? [])
        .filter((rung) => {
          return rung.promoted !== undefined;
        }).length;
    }
    assert.ok(kills > 10 && promotions > 10, `${kills} kills, ${promotions} promotions`);
    t.diagnostic(`${kills} kills among ${writes} writes, ${promotions} promotions recomputed`);
  });
}
