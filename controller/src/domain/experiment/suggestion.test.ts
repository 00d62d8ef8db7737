import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from '@espalier/search';
import { experiment, running, succeeded, trial } from '../testing/builders.ts';
import { problemOf } from './check.ts';
import { configurationOf } from './problem.ts';
import { progressOf } from './progress.ts';
import { historyFor, replicateTrial, suggestedTrial, suggestionInput } from './suggestion.ts';

function suggestedFor(spec: ReturnType<typeof experiment>['spec'], index: number, replicates = 1) {
  const problem = problemOf(spec);
  const number = Math.floor(index / replicates);
  const { history, basis } = suggestionInput(problem, progressOf(spec, []), number);
  const suggestion = suggest(problem, history, number);
  assert.ok(suggestion.kind === 'suggested');
  return suggestedTrial(spec, index, replicates, suggestion, basis);
}

test('G15 the same problem and index always give the same trial', () => {
  const { spec } = experiment({ search: { seed: 7 } });
  assert.deepEqual(suggestedFor(spec, 3), suggestedFor(spec, 3));
  assert.notDeepEqual(suggestedFor(spec, 3), suggestedFor(spec, 4));
});

test('an algorithm that does not look at results records no basis', () => {
  const { spec } = experiment();
  const progress = progressOf(spec, [
    trial('a-00000', succeeded(0.5)),
    trial('a-00001', running()),
  ]);
  const input = suggestionInput(problemOf(spec), progress, 2);
  assert.deepEqual(input, { history: { entries: [], running: [] } });
  assert.equal('basis' in suggestedFor(spec, 0), false);
});

test('parameters keep the declared order and types, and read back as the configuration', () => {
  const { spec } = experiment({
    search: { algorithm: 'grid' },
    parameters: [
      { name: 'b', bool: { values: [true, false] } },
      { name: 'i', int: { value: 3 } },
      { name: 's', string: { value: 'x' } },
      { name: 'f', float: { value: 0.5 } },
      { name: 'off', float: { value: 1 }, when: { parameter: 'b', in: ['false'] } },
    ],
  });
  const suggested = suggestedFor(spec, 0);
  assert.deepEqual(suggested.parameters, [
    { name: 'b', bool: true },
    { name: 'i', int: 3 },
    { name: 's', string: 'x' },
    { name: 'f', float: 0.5 },
  ]);
  assert.deepEqual(configurationOf(spec, suggested), { b: true, i: 3, s: 'x', f: 0.5 });
});

test('replicates differ in their own parameter and in nothing else', () => {
  const { spec } = experiment({ replicates: { parameter: 'seed', values: [11, 12, 13] } });
  const first = suggestedFor(spec, 3, 3);
  const third = replicateTrial(spec, 5, 3, first);
  assert.deepEqual([first.configuration, first.replicate], [1, 0]);
  assert.deepEqual([third.index, third.configuration, third.replicate], [5, 1, 2]);
  assert.deepEqual(first.parameters.at(-1), { name: 'seed', int: 11 });
  assert.deepEqual(third.parameters, [first.parameters[0], { name: 'seed', int: 13 }]);
  assert.deepEqual(configurationOf(spec, third), configurationOf(spec, first));
});

test('G15 the history is what the basis says: results, and everything lower as running', () => {
  const { spec } = experiment();
  const trials = [0, 1, 3, 5].map((index) => trial(`a-0000${index}`, succeeded(0.1 * index)));
  const progress = progressOf(spec, [...trials, trial('a-00002', running())]);
  const { history, basis } = historyFor(progress, 4);
  assert.equal(basis, '0-1,3', 'a later configuration is not seen');
  assert.deepEqual(
    history.entries.map(({ index, value: seen }) => [index, seen]),
    [0, 1, 3].map((index) => [index, 0.1 * index]),
  );
  assert.deepEqual(history.running, [{ index: 2, configuration: { lr: 0.01 } }]);
});

test('G15 a result that the basis has no room for counts as running', () => {
  const { spec } = experiment();
  const trials = [0, 2, 4].map((index) => trial(`a-0000${index}`, succeeded(0.5)));
  const { history, basis } = historyFor(progressOf(spec, trials), 9, 3);
  assert.equal(basis, '0,2');
  assert.deepEqual(
    history.entries.map(({ index }) => index),
    [0, 2],
  );
  assert.deepEqual(
    history.running.map(({ index }) => index),
    [4],
  );
});
