import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { endState, faults } from './end-state.ts';
import {
  newPlace,
  type Place,
  processesIn,
  QUICK_TRAINER,
  spawnRunner,
  specOf,
  TEST_ALL,
  until,
} from './kit.ts';

const MAX = 4;
const NAME = 'sweep';

/** Four trials of a few milliseconds, two at a time; `seconds` makes them last. */
function sweep(place: Place, seconds?: string): Experiment {
  return specOf(NAME, {
    parameters: [{ name: 'lr', float: { min: 0.001, max: 1 } }],
    search: { algorithm: 'random', seed: 7 },
    trials: { max: MAX, parallel: 2 },
    trainer: {
      command: [QUICK_TRAINER],
      args: seconds === undefined ? [place.ledger] : [place.ledger, seconds],
      gracePeriod: '2s',
    },
  });
}

async function runOnce(
  t: TestContext,
  place: Place,
  seconds: string | undefined,
  env: Record<string, string> = {},
): Promise<number | string> {
  const runner = spawnRunner(t, place, sweep(place, seconds), env);
  const ended = await runner.ended;
  if (ended !== 0 && ended !== 'SIGKILL') assert.fail(`the runner failed: ${runner.stderr()}`);
  return ended;
}

/** The end state of the undisturbed sweep. */
async function reference(t: TestContext, seconds?: string): Promise<unknown> {
  const place = newPlace(t);
  assert.equal(await runOnce(t, place, seconds), 0);
  assert.deepEqual(faults(place, NAME, MAX), []);
  return endState(place, NAME);
}

/** Runs a few at a time: most of a run is waiting for disks and starting programs. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all([worker(), worker(), worker()]);
}

test('G9 F1 kill -9 of the runner at any write, start or end gives the same end state', async (t) => {
  const wanted = await reference(t);
  let kills = 0;
  let wholeRuns = 0;
  // A sweep passes 40 of them; each is killed there, and its second run at an early one again.
  const points = Array.from({ length: TEST_ALL ? 44 : 22 }, (_, i) =>
    TEST_ALL ? i + 1 : 2 * i + 1,
  );
  await inParallel(points, async (point) => {
    const place = newPlace(t);
    const again = 1 + ((point * 7) % 12);
    for (const pass of [point, again]) {
      const ended = await runOnce(t, place, undefined, { ESPALIER_FAILPOINT: `any:${pass}` });
      if (ended === 'SIGKILL') kills++;
      else wholeRuns++;
    }
    assert.equal(await runOnce(t, place, undefined), 0);
    const where = `killed at pass ${point}, then at pass ${again}`;
    assert.deepEqual(faults(place, NAME, MAX), [], where);
    assert.deepEqual(endState(place, NAME), wanted, where);
  });
  t.diagnostic(`${kills} kills, ${wholeRuns} runs were over before theirs`);
  assert.ok(kills >= points.length, 'a run passes fewer kill points than it did');
});

test('G9 kill -9 at random moments, again and again, loses no trial and runs none twice', async (t) => {
  const wanted = await reference(t, '0.05');
  let kills = 0;
  let random = 20261124;
  const next = (): number => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return random / 2 ** 32;
  };
  const rounds = Array.from({ length: TEST_ALL ? 100 : 7 }, () => [next(), next(), next()]);
  await inParallel(rounds, async (moments) => {
    const place = newPlace(t);
    for (const moment of moments) {
      const runner = spawnRunner(t, place, sweep(place, '0.05'));
      await until('the runner is ready', () => runner.lines.length > 0 || isOver(runner.child));
      await new Promise((resolve) => setTimeout(resolve, moment * 250));
      runner.child.kill('SIGKILL');
      if ((await runner.ended) === 'SIGKILL') kills++;
    }
    assert.equal(await runOnce(t, place, '0.05'), 0);
    assert.deepEqual(faults(place, NAME, MAX), []);
    assert.deepEqual(endState(place, NAME), wanted);
  });
  t.diagnostic(`${kills} kills in ${rounds.length} sweeps`);
});

test('G9 a trial that completes while no runner lives is not run again', async (t) => {
  const place = newPlace(t);
  const runner = spawnRunner(t, place, sweep(place, '0.3'));
  await until('trainers run', () => processesIn(place).length > 3);
  await until('both have begun', () => runner.lines.some((line) => line['outcome'] === 'created'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  runner.child.kill('SIGKILL');
  await runner.ended;
  await until('the trainers have ended', () => processesIn(place).length === 0);
  assert.equal(await runOnce(t, place, '0.3'), 0);
  assert.deepEqual(faults(place, NAME, MAX), []);
});

function isOver(child: { readonly exitCode: number | null }): boolean {
  return child.exitCode !== null;
}
