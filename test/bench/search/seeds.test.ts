import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace, type Problem } from '@espalier/search';
import { FUNCTION_TASKS } from './functions.ts';
import { noisy, raceFor, searchByRace, searchOnce, seedsContest } from './seeds.ts';
import { compare, meanOf } from './statistics.ts';

const sphere = FUNCTION_TASKS.filter(({ name }) => name === 'sphere-5');

test('a race finds on held-back seeds what is no worse than a single seed finds, with as many runs', (t) => {
  const contest = seedsContest(sphere, 0.3, 5);
  const { ours, theirs } = compare(contest.pairs, 100);
  t.diagnostic(
    `regret ${ours.toFixed(3)} and ${theirs.toFixed(3)}, ${contest.mostRuns} runs at most`,
  );
  assert.ok(ours <= theirs);
  assert.ok(
    contest.raceOptimism < contest.singleOptimism,
    'the best of one seed each is the luckiest',
  );
});

test('the noise is that of the generator: half of its deviation is shared by a seed', () => {
  const instance = { objective: () => 0, optimum: 0, median: 1 };
  const run = noisy(instance, 2, 'key');
  assert.equal(run({ x: 1 }, 7), run({ x: 1 }, 7));
  const seeds = Array.from({ length: 4000 }, (_, seed) => seed);
  const [one, other] = [1, 2].map((x) => seeds.map((seed) => run({ x }, seed)));
  const square = (values: readonly number[] = []) => meanOf(values.map((value) => value * value));
  assert.ok(Math.abs(square(one) - 4) < 0.4, `${square(one)}`);
  const shared = meanOf((one ?? []).map((value, i) => value * (other?.[i] ?? 0)));
  assert.ok(Math.abs(shared - 1) < 0.3, `${shared}`);
});

test('without noise the race chooses by the objective alone, and the same run gives the same choice', () => {
  const [task] = sphere;
  assert.ok(task);
  const { objective } = task.instanceOf(0);
  const problem: Problem = {
    space: compileSpace(task.dimensions),
    ...{ goal: 'minimize', algorithm: 'tpe', seed: 0, maxTrials: 20 },
  };
  const raced = searchByRace(problem, objective, raceFor(4), 20);
  assert.deepEqual(searchByRace(problem, objective, raceFor(4), 20), raced);
  assert.equal(raced.reported, objective(raced.configuration));
  const once = searchOnce(problem, objective, 20);
  assert.equal(once.runs, 20);
});
