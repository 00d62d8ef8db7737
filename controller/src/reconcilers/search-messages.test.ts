import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace, type History, type HistoryEntry, type Problem } from '@espalier/search';
import fc from 'fast-check';
import { Memory, Questioner, type SearchQuestion } from './search-messages.ts';

const problemOf = (seed: number): Problem => ({
  space: compileSpace([{ name: 'x', kind: 'float', min: 0, max: 1, scale: 'linear' }]),
  goal: 'minimize',
  algorithm: 'tpe',
  seed,
  maxTrials: 100,
});

/** As the thread gets it. */
const sent = (question: SearchQuestion): SearchQuestion => structuredClone(question);

const value = fc.oneof(fc.double(), fc.constantFrom(undefined, Number.NaN, -0, 0));
const rows = fc.uniqueArray(
  fc.record({ index: fc.nat(12), isRunning: fc.boolean(), x: fc.constantFrom(0.1, 0.2), value }),
  { selector: ({ index }) => index, maxLength: 13 },
);

function historyOf(list: typeof rows extends fc.Arbitrary<infer T> ? T : never): History {
  const sorted = list.toSorted((a, b) => a.index - b.index);
  const running = sorted.filter((row) => row.isRunning);
  const ended = sorted.filter((row) => !row.isRunning);
  return {
    entries: ended.map(({ index, x, value: result }): HistoryEntry => {
      const entry = { index, configuration: { x }, outcome: 'succeeded' as const };
      return result === undefined ? entry : { ...entry, value: result };
    }),
    running: running.map(({ index, x }) => ({ index, configuration: { x } })),
  };
}

test('the thread puts together every history, whatever changed since the question before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(rows, fc.nat(40)), { maxLength: 60 }), (asks) => {
      const questioner = new Questioner();
      const memory = new Memory();
      const problems = Array.from({ length: 41 }, (_, seed) => problemOf(seed));
      for (const [list, at] of asks) {
        const problem = problems[at] as Problem;
        const history = historyOf(list);
        const taken = memory.take(sent(questioner.ask(problem, history, 3)));
        assert.deepEqual(taken, { problem, history });
      }
    }),
  );
});

test('a result is sent once, and again only if it is another one', () => {
  const questioner = new Questioner();
  const problem = problemOf(1);
  const first = historyOf([{ index: 0, isRunning: false, x: 0.1, value: 1 }]);
  assert.equal(questioner.ask(problem, first, 1).newEntries.length, 1);
  const same = structuredClone(first);
  const second = questioner.ask(problem, same, 2);
  assert.deepEqual([second.problem, second.newEntries], [undefined, []]);
  const other = historyOf([{ index: 0, isRunning: false, x: 0.1, value: 2 }]);
  assert.equal(questioner.ask(problem, other, 3).newEntries.length, 1);
});

test('a thread remembers 32 problems, those asked last', () => {
  const questioner = new Questioner();
  const problems = Array.from({ length: 33 }, (_, seed) => problemOf(seed));
  const empty: History = { entries: [], running: [] };
  const forgotten = problems.flatMap((problem) => questioner.ask(problem, empty, 0).forget);
  assert.deepEqual(forgotten, [1]);
  assert.notEqual(questioner.ask(problems[0] as Problem, empty, 0).problem, undefined);
});

test('a question about what the thread was never told is refused, not guessed', () => {
  const questioner = new Questioner();
  const problem = problemOf(1);
  const history = historyOf([{ index: 0, isRunning: false, x: 0.1, value: 1 }]);
  questioner.ask(problem, history, 1);
  const second = questioner.ask(problem, history, 2);
  assert.throws(() => new Memory().take(second), RangeError);
});
