import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Experiment, LIMITS, type Trial } from '@espalier/api';
import { dominates } from '@espalier/search';
import type { Verification } from '../domain/experiment/verify-result.ts';
import { experiment, type SpecInput } from '../domain/testing/builders.ts';
import { recomputed } from '../domain/testing/recomputed.ts';
import { settleDown } from './testing/run-to-end.ts';
import { type Trainer, World, type WorldOptions } from './testing/world.ts';

const PARAMETERS = [
  { name: 'x', float: { min: 0, max: 1 } },
  { name: 'y', float: { min: 0, max: 1 } },
  { name: 'width', int: { values: [1, 2, 4] } },
];
const TWO = [
  { metric: 'acc', goal: 'maximize' as const, report: 'best' as const },
  { metric: 'ms', goal: 'minimize' as const, report: 'last' as const },
];
const GOALS: SpecInput = {
  ...{ objective: undefined, objectives: TWO, parameters: PARAMETERS },
  search: { algorithm: 'tpe', seed: 5 },
  trials: { max: 16, parallel: 1 },
};

function at(trial: Trial, name: string): number {
  const own = trial.spec.parameters.find((parameter) => parameter.name === name);
  return own?.float ?? own?.int ?? 0;
}

/** The more accurate the slower, and more of both the wider; memory is the width. */
const trainer: Trainer = (trial) => {
  const [x, y, width] = [at(trial, 'x'), at(trial, 'y'), at(trial, 'width')];
  const acc = 1 - (x - 0.7) ** 2 - (y - 0.5) ** 2 + width / 20;
  return { values: [acc / 2, acc], others: { ms: 1 + 3 * x + width, mb: width * 10 } };
};

function begin(spec: SpecInput, options: Partial<WorldOptions> = {}): World {
  const world = new World({ trainer, ...options });
  world.cluster.apply(experiment(spec));
  world.start();
  return world;
}

const trialsOf = (world: World, name: string) =>
  world.trials().filter((trial) => trial.metadata.name.startsWith(`${name}-`));

function verify(world: World, name = 'a'): Verification {
  const object = world.experiment(name) as Experiment;
  return recomputed(object, trialsOf(world, name), { oneController: true });
}

function assertReplayed(world: World, name = 'a'): void {
  const found = verify(world, name);
  assert.deepEqual(found.differences, []);
  assert.deepEqual(found.unknowns, []);
  assert.equal(found.suggestions.equal, trialsOf(world, name).length);
}

const lossesOf = (trial: Trial): number[] => {
  const value = (metric: string) =>
    trial.status?.observation?.values?.find((one) => one.metric === metric)?.value ?? Number.NaN;
  return [-value('acc'), value('ms')];
};

test('U24 G15 with two objectives status has the front, its checkpoints stay, and all is replayed', async () => {
  const world = begin(GOALS);
  const { status } = await world.finish();
  await settleDown(world);
  const trials = world.trials();
  assert.deepEqual([status?.phase, trials.length], ['Succeeded', 16]);
  const front = trials
    .filter((trial) => !trials.some((other) => dominates(lossesOf(other), lossesOf(trial))))
    .map(({ metadata }) => metadata.name);
  assert.ok(front.length > 1 && front.length < 16, `${front.length} of 16`);
  assert.deepEqual(status?.pareto?.front.map(({ trial }) => trial).sort(), front);
  assert.equal(status?.pareto?.size, front.length);
  // Named by its best in the first objective, first in the list.
  assert.equal(status?.best?.trial, status?.pareto?.front[0]?.trial);
  const best = Math.max(...trials.map(({ status: state }) => state?.observation?.value ?? 0));
  assert.equal(status?.best?.value, best);
  assert.deepEqual(status?.best?.values, status?.pareto?.front[0]?.values);
  // U16 G8: what is on the front keeps its checkpoint, and all others lost theirs.
  const dropped = trials.map(({ metadata }) => metadata.name).filter((one) => !front.includes(one));
  assert.deepEqual([...world.stored.dropped].sort(), dropped);
  assertReplayed(world);
});

test('U24 a front of more than fifty is shown by those far apart, its ends among them', async () => {
  const search = { algorithm: 'random', seed: 1 };
  const spec = { ...GOALS, search, trials: { max: 70, parallel: 4 } };
  const line: Trainer = ({ spec: { index } }) => ({
    values: [index / 100],
    others: { ms: index + 1 },
  });
  const world = begin(spec, { trainer: line });
  const { status } = await world.finish();
  assert.equal(status?.pareto?.size, 70);
  const shown = status?.pareto?.front.map(({ configuration }) => configuration) ?? [];
  assert.equal(shown.length, LIMITS.pareto);
  assert.deepEqual([shown[0], shown.at(-1)], [69, 0]);
});

test('U24 what misses a constraint is never the best, whatever its value', async () => {
  const objective = { metric: 'acc', goal: 'maximize' as const, report: 'best' as const };
  const constraints = [{ metric: 'mb', max: 20 }];
  const world = begin({ ...GOALS, objectives: undefined, objective, constraints });
  const { status } = await world.finish();
  const [kept, missed] = [[] as number[], [] as number[]];
  for (const trial of world.trials()) {
    const value = trial.status?.observation?.value ?? Number.NaN;
    (at(trial, 'width') <= 2 ? kept : missed).push(value);
  }
  assert.equal(status?.best?.value, Math.max(...kept));
  assert.ok(Math.max(...missed) > Math.max(...kept), 'no test of anything');
  assertReplayed(world);
});

test('U24 an Experiment in which nothing keeps the constraints has no best and fails', async () => {
  const world = begin({ ...GOALS, constraints: [{ metric: 'mb', max: 1 }] });
  const { status } = await world.finish();
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'NoValue']);
  assert.match(status?.message ?? '', /no configuration fulfils the constraints/);
  assert.equal(status?.best, undefined);
  assert.equal(status?.pareto, undefined);
});

test('U24 a trainer that leaves out one metric of several is told which', async () => {
  const spec = { ...GOALS, constraints: [{ metric: 'gb', max: 1 }], trials: { max: 2 } };
  const world = begin(spec);
  await world.finish();
  for (const { status } of world.trials()) {
    assert.deepEqual([status?.phase, status?.reason], ['Failed', 'MetricsUnavailable']);
    assert.match(status?.message ?? '', /no value of gb is known/);
  }
});

test('U24 an Experiment ends when one configuration reaches the targets of all objectives', async () => {
  const [acc, ms] = TWO;
  const objectives = [
    { ...(acc as (typeof TWO)[0]), target: 0.8 },
    { ...(ms as (typeof TWO)[0]), target: 4 },
  ];
  const world = begin({ ...GOALS, objectives, trials: { max: 60 } });
  const { status } = await world.finish();
  assert.equal(status?.reason, 'TargetReached');
  const reaching = world.trials().filter((trial) => {
    const [loss = 0, slow = 9] = lossesOf(trial);
    return loss <= -0.8 && slow <= 4;
  });
  assert.deepEqual(
    reaching.map(({ spec }) => spec.index),
    [world.trials().length - 1],
  );
});

const LIMITED: SpecInput = {
  ...GOALS,
  parameterConstraints: [
    {
      sum: [
        { parameter: 'x', weight: 1 },
        { parameter: 'y', weight: 1 },
      ],
      max: 0.9,
    },
  ],
  enqueue: [
    { parameters: [{ name: 'x', float: 0.25 }] },
    {
      parameters: [
        { name: 'width', int: 4 },
        { name: 'y', float: 0.5 },
      ],
    },
  ],
};

test('U24 G15 enqueued configurations come first, and every one keeps the limits', async () => {
  const world = begin(LIMITED);
  await world.finish();
  const [first, second] = world.trials();
  assert.equal(first && at(first, 'x'), 0.25);
  assert.deepEqual([second && at(second, 'width'), second && at(second, 'y')], [4, 0.5]);
  for (const trial of world.trials()) assert.ok(at(trial, 'x') + at(trial, 'y') <= 0.9);
  assertReplayed(world);
});

/** An Experiment `b` that ended, then `a`, which begins with what it found. */
async function warmStarted(
  options: Partial<WorldOptions> = {},
  crash?: World['writes']['crashAt'],
): Promise<{ world: World; writes: readonly string[] }> {
  const world = new World({ trainer, ...options });
  const earlier: SpecInput = {
    ...{ ...LIMITED, enqueue: undefined, parameterConstraints: undefined },
    // What is judged here must have been looked at there.
    constraints: [{ metric: 'mb', max: 1000 }],
    ...{ search: { algorithm: 'random', seed: 2 }, trials: { max: 20, parallel: 4 } },
  };
  const named = (name: string, spec: SpecInput): Experiment => {
    const made = experiment(spec);
    return { ...made, metadata: { ...made.metadata, name, uid: `${name}-uid` } };
  };
  world.cluster.apply(named('b', earlier));
  world.start();
  await world.finish('b');
  await settleDown(world);
  const warmStart = { experiments: ['b'], trials: 12, enqueue: 1 };
  const constraints = [{ metric: 'mb', max: 20 }];
  const before = world.writes.names.length;
  world.writes.crashAt =
    crash === undefined ? undefined : { ...crash, number: before + crash.number };
  world.cluster.apply(named('a', { ...LIMITED, warmStart, constraints, trials: { max: 6 } }));
  await world.finish('a');
  await settleDown(world);
  return { world, writes: world.writes.names.slice(before) };
}

function endOf(world: World) {
  const { phase, reason, best, pareto, warmStart } = world.experiment()?.status ?? {};
  return JSON.parse(
    JSON.stringify({
      status: { phase, reason, best, pareto, warmStart },
      trials: trialsOf(world, 'a').map(({ spec, status }) => {
        return { spec, phase: status?.phase, observation: status?.observation };
      }),
      dropped: [...world.stored.dropped].sort(),
    }).replaceAll(/\/a\d+\//g, '/aN/'),
  );
}

describe('U24 a warm start', () => {
  test('G15 is in the record before the first suggestion, which learns from it', async () => {
    const { world, writes } = await warmStarted();
    const record = world.experiment()?.status?.warmStart?.configurations ?? [];
    // Of 20 earlier ones those outside the limits of this spec are not taken.
    const fitting = trialsOf(world, 'b').filter((trial) => at(trial, 'x') + at(trial, 'y') <= 0.9);
    assert.equal(record.length, Math.min(fitting.length, 12));
    assert.ok(record.length > 3, `only ${record.length}`);
    assert.match(writes[0] ?? '', /^write-experiment .* record$/);
    assert.equal(world.experiment()?.status?.phase, 'Succeeded');
    // Behind the two that the spec gives: the best that misses no constraint.
    const tried = trialsOf(world, 'a')[2];
    const best = record
      .filter(({ violation }) => violation === undefined)
      .toSorted((a, b) => (b.values[0]?.value ?? 0) - (a.values[0]?.value ?? 0))[0];
    assert.deepEqual(tried?.spec.parameters, best?.parameters);
    assertReplayed(world);
    const changed = structuredClone(world.experiment() as Experiment);
    const [entry] = changed.status?.warmStart?.configurations ?? [];
    if (entry?.parameters[0] !== undefined) entry.parameters[0].float = 0.123;
    const result = recomputed(changed, trialsOf(world, 'a'), { oneController: true });
    assert.ok(result.differences.length > 0, 'a changed record is noticed');
  });

  for (const when of ['before', 'after'] as const) {
    test(`G1 G15 a controller killed ${when} any write ends as if it had not been`, async (t) => {
      const { world: reference, writes } = await warmStarted();
      const wanted = endOf(reference);
      for (const [number, name] of writes.entries()) {
        const { world } = await warmStarted({}, { number, when });
        const place = `${when} write ${number}, ${name}`;
        assert.equal(world.restarts, 1, place);
        assert.deepEqual(endOf(world), wanted, place);
      }
      t.diagnostic(`${writes.length} writes, killed at each`);
    });
  }

  test('of an Experiment that is not there is refused by name', async () => {
    const world = begin({ ...GOALS, warmStart: { experiments: ['nobody'] } });
    const { status } = await world.finish();
    assert.deepEqual([status?.phase, status?.reason], ['Failed', 'InvalidSpec']);
    assert.match(status?.message ?? '', /there is no other Experiment "nobody"/);
    assert.equal(world.trials().length, 0);
  });
});
