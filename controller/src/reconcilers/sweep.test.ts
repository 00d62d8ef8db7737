import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTerminalTrial } from '@espalier/api';
import { experiment, experimentStatus, type SpecInput } from '../domain/testing/builders.ts';
import { settleDown } from './testing/run-to-end.ts';
import { type Trainer, World, type WorldOptions } from './testing/world.ts';

const KEY = { namespace: 'team', name: 'a' };

function begin(spec: SpecInput, trainer: Trainer, options: Partial<WorldOptions> = {}): World {
  const world = new World({ trainer, ...options });
  world.cluster.apply(experiment(spec));
  world.start();
  return world;
}

/** Better the nearer the learning rate is to 0.01. */
const byRate: Trainer = ({ spec }) => {
  const rate = spec.parameters.find(({ name }) => name === 'lr')?.float ?? 1;
  return { values: [0.1, 1 - Math.abs(Math.log10(rate) + 2) / 4] };
};
const reasons = (world: World) => world.trials().map(({ status }) => status?.reason);

test('a sweep of random trials runs to its end and names the best', async () => {
  const world = begin({ trials: { max: 6, parallel: 2 } }, byRate);
  const { status } = await world.finish();
  assert.deepEqual(
    [status?.phase, status?.reason, status?.progress],
    ['Succeeded', 'MaxTrialsReached', '6/6'],
  );
  assert.equal(world.peak, 2);
  const values = world.trials().map((trial) => trial.status?.observation?.value ?? 0);
  assert.equal(values.length, 6);
  assert.equal(status?.best?.value, Math.max(...values));
  assert.deepEqual(world.stored.best, status?.best);
  assert.equal(world.stored.trialsCsv?.split('\n').length, 8);
  await settleDown(world);
  assert.equal(world.truth.pods.size, 0);
  // U16: of six checkpoints one is left, and it is the one that is named.
  assert.equal(world.stored.dropped.size, 5);
  assert.ok(!world.stored.dropped.has(status?.best?.trial ?? ''));
});

test('G15 the same manifest twice, one at a time, gives the same table', async () => {
  const tables: string[] = [];
  for (let i = 0; i < 2; i++) {
    const world = begin({ trials: { max: 5 }, search: { algorithm: 'sobol', seed: 3 } }, byRate);
    await world.finish();
    tables.push(world.stored.trialsCsv ?? '');
  }
  assert.equal(tables[0], tables[1]);
});

test('a normal trial costs two records: its creation and its end', async () => {
  const world = begin({ trials: { max: 8, parallel: 2 } }, byRate);
  await world.finish();
  const durable = world.writes.names.filter((name) =>
    /^create-trial|^write-trial .* record/.test(name),
  );
  assert.equal(durable.length, 16);
});

test('a grid that is smaller than max ends when it is exhausted', async () => {
  const parameters = [{ name: 'lr', float: { values: [0.1, 0.01, 0.001] } }];
  const spec: SpecInput = {
    parameters,
    search: { algorithm: 'grid' },
    trials: { max: 10, parallel: 2 },
  };
  const { status } = await begin(spec, byRate).finish();
  assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'SearchSpaceExhausted']);
  assert.equal(status?.best?.parameters[0]?.float, 0.01);
});

test('every rung entry has an order of its own, however many arrive at once', async () => {
  const spec: SpecInput = {
    trials: { max: 12, parallel: 6 },
    earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 4 },
  };
  const world = begin(spec, ({ spec: { index } }) => ({ values: Array(4).fill(1 - index / 12) }));
  await world.finish();
  for (const step of [1, 2]) {
    const orders = world
      .trials()
      .flatMap(({ status }) => status?.rungs.filter((rung) => rung.step === step) ?? []);
    const sorted = orders.map(({ order }) => order).sort((a, b) => a - b);
    assert.deepEqual(
      sorted,
      sorted.map((_, i) => i),
    );
  }
  const stopped = world.trials().filter(({ status }) => status?.reason === 'EarlyStopped');
  assert.ok(stopped.length > 0);
  for (const { status } of stopped) assert.ok((status?.observation?.lastEpoch ?? 9) <= 3);
});

test('K6 failed, diverged and refused trials never wedge early stopping', async () => {
  const spec: SpecInput = {
    trials: { max: 10, parallel: 3, maxFailed: 20 },
    attempts: { maxRetries: 0 },
    earlyStopping: { algorithm: 'asha', min: 1, max: 8, eta: 2, minRungSize: 2 },
  };
  const world = begin(spec, ({ spec: { index } }) => {
    const exitCode = [1, 20, 21, 30, 137, 0][index % 6] as number;
    return { values: [index / 10, index / 10], end: { exitCode, oomKilled: exitCode === 137 } };
  });
  const { status } = await world.finish();
  assert.equal(status?.reason, 'MaxTrialsReached');
  assert.ok(world.trials().every((trial) => isTerminalTrial(trial.status?.phase)));
});

test('K8 exit 0 without the metric counts as completed: max is exact', async () => {
  const world = begin({ trials: { max: 3, parallel: 2, maxFailed: 9 } }, ({ spec: { index } }) => ({
    values: index === 1 ? [] : [0.5],
  }));
  const { status } = await world.finish();
  assert.deepEqual(reasons(world), ['Completed', 'MetricsUnavailable', 'Completed']);
  assert.equal(status?.progress, '3/3');
});

test('K16 too many failures end the running trials, and nothing is left', async () => {
  const world = begin(
    { trials: { max: 10, parallel: 3, maxFailed: 1 }, attempts: { maxRetries: 0 } },
    ({ spec: { index } }) =>
      index === 2 ? { values: [0.5], hangs: true } : { values: [], end: { exitCode: 30 } },
  );
  const { status } = await world.finish();
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'TooManyFailures']);
  assert.equal(reasons(world)[2], 'TooManyFailures');
  await settleDown(world);
  assert.deepEqual(world.runningPods(), []);
  assert.equal(world.truth.pods.size, 0);
});

test('a reached target ends the others, and the one that reached it is the best', async () => {
  const world = begin(
    {
      objective: { metric: 'acc', goal: 'maximize', target: 0.9 },
      trials: { max: 9, parallel: 3 },
    },
    ({ spec: { index } }) => ({ values: [0.1, index === 1 ? 0.95 : 0.2, 0.3], hangs: true }),
  );
  const { status } = await world.finish();
  assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'TargetReached']);
  assert.deepEqual([status?.best?.trial, status?.best?.value], ['a-00001', 0.95]);
  assert.ok(status?.best?.checkpoint !== undefined);
  assert.deepEqual(reasons(world), ['TargetReached', 'TargetReached', 'TargetReached']);
});

test('replicates are one configuration, and one that fails ends the others', async () => {
  const world = begin(
    {
      replicates: { parameter: 'seed', values: [1, 2, 3] },
      trials: { max: 2, parallel: 3, maxFailed: 5 },
      attempts: { maxRetries: 0 },
    },
    ({ spec: { configuration, replicate } }) => {
      if (configuration === 1) return { values: [0.3 * (replicate + 1)] };
      return replicate === 1
        ? { values: [0.9], end: { exitCode: 1 } }
        : { values: [0.9], hangs: true };
    },
  );
  const { status } = await world.finish();
  assert.deepEqual(reasons(world).slice(0, 3), [
    'ReplicateFailed',
    'ProgramError',
    'ReplicateFailed',
  ]);
  assert.deepEqual([status?.best?.configuration, status?.best?.trial], [1, 'a-00005']);
  assert.ok(Math.abs((status?.best?.value ?? 0) - 0.6) < 1e-9);
  assert.equal(status?.configurations?.failed, 1);
});

test('G5 hanging and silent trainers, SIGTERM ignored: each ends by a deadline', async () => {
  const spec: SpecInput = {
    trials: { max: 3, parallel: 3, maxFailed: 9 },
    deadlines: { startup: '10m', stall: '20m', run: '30m' },
  };
  const world = begin(spec, ({ spec: { index } }) =>
    index === 0
      ? { values: [0.5], hangs: true, ignoresSigterm: true }
      : index === 1
        ? { values: [0.5], hangs: true }
        : { values: Array(100).fill(0.4), epochMs: 60_000 },
  );
  const { status } = await world.finish();
  assert.deepEqual(reasons(world), Array(3).fill('DeadlineExceeded'));
  const messages = world.trials().map((trial) => trial.status?.message ?? '');
  assert.match(messages[0] ?? '', /stall/);
  assert.match(messages[2] ?? '', /deadlines\.run/);
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'NoValue']);
});

test('the four desired states: pause, run again, stop', async () => {
  const world = begin({ trials: { max: 20, parallel: 2 } }, () => ({ values: [0.5, 0.6] }));
  for (let i = 0; i < 6; i++) await world.step();
  world.cluster.editSpec(KEY, () => ({ desiredState: 'Pause' }));
  for (let i = 0; i < 12; i++) await world.step();
  assert.equal(world.experiment()?.status?.phase, 'Paused');
  assert.deepEqual(world.runningPods(), []);
  const before = world.trials().length;
  world.cluster.editSpec(KEY, () => ({ desiredState: 'Run' }));
  for (let i = 0; i < 6; i++) await world.step();
  assert.ok(world.trials().length > before);
  world.cluster.editSpec(KEY, () => ({ desiredState: 'Stop' }));
  await world.quiesce();
  assert.equal(world.experiment()?.status?.phase, 'Stopping');
  const { status } = await world.finish();
  assert.deepEqual([status?.phase, status?.reason], ['Succeeded', 'StopRequested']);
  assert.ok(
    reasons(world).every((reason) => reason === 'Completed'),
    'running ones were let end',
  );
});

test('a cancel ends running ones now', async () => {
  const world = begin({ trials: { max: 20, parallel: 2 } }, () => ({ values: [0.5], hangs: true }));
  for (let i = 0; i < 4; i++) await world.step();
  world.cluster.editSpec(KEY, () => ({ desiredState: 'Cancel' }));
  const { status } = await world.finish();
  assert.equal(status?.phase, 'Cancelled');
  assert.deepEqual(reasons(world), ['Cancelled', 'Cancelled']);
});

test('G14 parallel raised and lowered while it runs', async () => {
  const world = begin({ trials: { max: 30, parallel: 1 } }, () => ({ values: [0.5, 0.5] }));
  await world.step();
  world.cluster.editSpec(KEY, ({ trials }) => ({ trials: { ...trials, parallel: 5 } }));
  await world.quiesce();
  assert.equal(world.runningPods().length, 5);
  world.cluster.editSpec(KEY, ({ trials }) => ({ trials: { ...trials, parallel: 2 } }));
  await world.finish();
  assert.equal(world.excess, 0);
});

test('G10 a deletion ends pods, removes trials and, if asked, artifacts', async () => {
  const spec: SpecInput = { trials: { max: 9, parallel: 3 }, artifacts: { onDelete: 'Delete' } };
  const world = begin(spec, () => ({ values: [0.5], hangs: true }));
  for (let i = 0; i < 4; i++) await world.step();
  world.cluster.markDeleted(KEY);
  for (let i = 0; i < 6; i++) await world.step();
  assert.equal(world.experiment(), undefined);
  assert.deepEqual([world.trials().length, world.truth.pods.size], [0, 0]);
  assert.deepEqual(world.runningPods(), []);
  assert.ok(world.stored.deleted.has('a'));
});

test('U20 TTL removes the objects of a finished Experiment and leaves the artifacts', async () => {
  const world = begin(
    { trials: { max: 1 }, ttlSecondsAfterFinished: 60, artifacts: { onDelete: 'Delete' } },
    byRate,
  );
  await world.finish();
  for (let i = 0; i < 6; i++) await world.step();
  assert.equal(world.experiment(), undefined);
  assert.equal(world.stored.deleted.size, 0);
});

test('F15 a store that is away for a while degrades the Experiment and loses nothing', async () => {
  const world = begin({ trials: { max: 4, parallel: 2 } }, byRate);
  for (let i = 0; i < 3; i++) await world.step();
  world.stored.isDown = true;
  for (let i = 0; i < 12; i++) await world.step(5000);
  const degraded = () =>
    world.experiment()?.status?.conditions.find(({ type }) => type === 'Degraded')?.status;
  assert.equal(degraded(), 'True');
  assert.ok(!world.trials().some(({ status }) => status?.phase === 'Succeeded'));
  world.stored.isDown = false;
  const { status } = await world.finish();
  assert.equal(status?.reason, 'MaxTrialsReached');
  assert.equal(degraded(), 'False');
  assert.ok(status?.best?.checkpoint !== undefined);
  assert.ok(world.trials().every((trial) => trial.status?.observation?.value !== undefined));
});

test('F15 a store that fails only at the end still gets the table', async () => {
  const world = begin({ trials: { max: 1 } }, byRate);
  world.stored.whole.add('team/a-00000/a0');
  let calls = 0;
  const { whole } = world.stored;
  const has = whole.has.bind(whole);
  // The inspection answers, then the store goes away for everything after it.
  whole.has = (key) => {
    calls += 1;
    world.stored.isDown = true;
    return has(key);
  };
  for (let i = 0; i < 10; i++) await world.step(1000);
  assert.equal(calls, 1);
  assert.equal(world.experiment()?.status?.phase, 'Stopping');
  world.stored.isDown = false;
  const { status } = await world.finish();
  assert.equal(status?.phase, 'Succeeded');
  assert.ok(world.stored.trialsCsv !== undefined);
});

test('G8 damaged files are never named, and the value stands', async () => {
  const world = begin({ trials: { max: 2 } }, ({ spec: { index } }) => ({
    values: [index === 0 ? 0.9 : 0.1],
  }));
  world.stored.damaged.add('team/a-00000/a0');
  const { status } = await world.finish();
  assert.deepEqual([status?.best?.trial, status?.best?.value], ['a-00000', 0.9]);
  assert.equal(status?.best?.checkpoint, undefined);
  assert.match(world.trials()[0]?.status?.message ?? '', /model.safetensors differs/);
});

test('a spec that cannot be run starts nothing', async () => {
  const world = begin({ search: { algorithm: 'magic' } }, byRate);
  const { status } = await world.finish();
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'InvalidSpec']);
  assert.equal(world.trials().length, 0);
});

test('K2 Experiments of the same name in two namespaces do not meet', async () => {
  const world = new World({ trainer: byRate });
  const first = experiment({ trials: { max: 2 } });
  const second = {
    ...first,
    metadata: { ...first.metadata, namespace: 'other', uid: 'other-uid' },
  };
  world.cluster.apply(first);
  world.cluster.apply(second);
  world.start();
  await world.finish();
  for (let i = 0; i < 20; i++) await world.step();
  const statuses = [...world.truth.experiments.values()].map(({ status }) => status?.progress);
  assert.deepEqual(statuses, ['2/2', '2/2']);
});

test('U9 a trial deleted by hand while it runs is not made again', async () => {
  const world = begin({ trials: { max: 4, parallel: 2 } }, byRate);
  await world.step();
  const call = { signal: new AbortController().signal };
  const [first] = world.trials();
  assert.ok(first !== undefined && call !== undefined);
  await world.cluster.deleteTrial(first);
  for (const pod of world.runningPods().filter((name) => name.startsWith('team/a-00000'))) {
    world.end(pod, { exitCode: 143 });
    world.cluster.removePod(pod);
  }
  const { status } = await world.finish();
  assert.deepEqual(
    world.trials().map(({ spec }) => spec.index),
    [1, 2, 3],
  );
  assert.equal(status?.progress, '4/4');
});

test('a resumed attempt begins where the one before left off', async () => {
  const world = begin({ trials: { max: 1 } }, (_trial, attempt) =>
    attempt === 0
      ? { values: [0.1, 0.2], end: { exitCode: 143, disrupted: true } }
      : { values: [0.1, 0.2, 0.3, 0.4] },
  );
  await world.finish();
  const [trial] = world.trials();
  assert.equal(trial?.status?.observation?.points, 4, 'no epoch was done twice');
  assert.deepEqual(
    trial?.status?.attempts.map(({ number, outcome }) => [number, outcome]),
    [
      [0, 'Disrupted'],
      [1, 'Succeeded'],
    ],
  );
});

test('an Experiment that was over before the restart stays as it was', async () => {
  const world = new World({ trainer: byRate });
  const over = experimentStatus({ phase: 'Failed', reason: 'NoValue' });
  world.cluster.apply(experiment({}, over));
  world.start();
  await world.quiesce();
  assert.deepEqual(world.writes.names, []);
});
