import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Result, runOnClock } from './clock.ts';
import { CONDITIONAL_TASKS } from './conditional.ts';
import { FUNCTION_TASKS } from './functions.ts';
import { compare, type Pairs, passes, powerForEqual, significantTasks } from './statistics.ts';
import { normalisedRegret, sampledMedian } from './task.ts';

const pairs = (theirsOver: number): Pairs => {
  const group = Array.from({ length: 40 }, (_, i) => [1 + (i % 7), (1 + (i % 7)) * theirsOver]);
  return new Map(['a', 'b'].map((task) => [task, group as [number, number][]]));
};

test('two sides with the same regrets tie, and pass', () => {
  const result = compare(pairs(1));
  assert.deepEqual([result.ratio, result.pBetter, result.ties], [1, 1, 80]);
  assert.ok(passes(result));
  assert.equal(powerForEqual(pairs(1), 10), 1);
  assert.deepEqual(significantTasks(pairs(1)), { better: [], worse: [] });
});

test('a side with twice the regret is found out, whichever it is', () => {
  assert.equal(passes(compare(pairs(0.5))), false);
  assert.deepEqual(significantTasks(pairs(0.5)), { better: [], worse: ['a', 'b'] });
  assert.ok(passes(compare(pairs(2))));
  assert.deepEqual(significantTasks(pairs(2)), { better: ['a', 'b'], worse: [] });
});

test('no configuration is better than the optimum of its task, and half are better than the median', () => {
  for (const task of [...FUNCTION_TASKS, ...CONDITIONAL_TASKS]) {
    const instance = task.instanceOf(3);
    const least: number[] = [];
    // Draws of another seed than those that the median is from.
    const median = sampledMedian(task.dimensions, 4, (configuration) => {
      const value = instance.objective(configuration);
      least.push(value);
      return value;
    });
    assert.ok(Math.min(...least) >= instance.optimum, task.name);
    const regret = normalisedRegret(instance, median);
    assert.ok(regret > 0.7 && regret < 1.4, `${task.name}: ${regret}`);
  }
});

test('on the clock a worker that becomes free asks at once, and is told what ended until then', async () => {
  const told: number[][] = [];
  let next = 0;
  const searcher = {
    ask(results: readonly Result[]) {
      told.push(results.map(({ index }) => index));
      return { index: next++, configuration: { x: next } };
    },
  };
  const curve = await runOnClock(searcher, ({ x }) => -Number(x), [5, 1, 1, 9], 2);
  assert.deepEqual(told, [[], [], [1], [2]]);
  // They end in the order 1, 2, 0, 3.
  assert.deepEqual([...curve], [-2, -3, -3, -4]);
});
