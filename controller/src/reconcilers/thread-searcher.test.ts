import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  ALGORITHMS,
  compileSpace,
  type Dimension,
  type History,
  type HistoryEntry,
  type Problem,
  suggest,
} from '@espalier/search';
import { chanceOf } from '../domain/testing/sweep-spec.ts';
import { recordingLog } from '../runtime/testing/quiet.ts';
import { ThreadSearcher } from './thread-searcher.ts';

const CALL = { signal: new AbortController().signal };
const DIMENSIONS: readonly Dimension[] = [
  { name: 'lr', kind: 'float', min: 1e-5, max: 1e-1, scale: 'log' },
  { name: 'width', kind: 'int', min: 1, max: 64, scale: 'linear' },
  { name: 'batch', kind: 'ordinal', type: 'int', values: [32, 64, 128] },
];
const CHOICE: Dimension = { name: 'kind', kind: 'categorical', type: 'string', values: ['a', 'b'] };
const BRANCH: Dimension = {
  ...{ name: 'decay', kind: 'float', min: 0, max: 1, scale: 'linear' },
  when: { parent: 'kind', in: ['b'] },
};

function problemOf(algorithm: string): Problem {
  const rest = algorithm === 'cma-es' || algorithm === 'grid' ? [] : [CHOICE, BRANCH];
  const own = algorithm === 'grid' ? DIMENSIONS.slice(1) : DIMENSIONS;
  const space = compileSpace([...own, ...rest]);
  return { space, goal: 'maximize', algorithm, seed: 5, maxTrials: 100 };
}

/** Results of a search, with failures, NaN and some that run. */
function historyOf(problem: Problem, size: number): History {
  const chance = chanceOf(size);
  const source = { ...problem, algorithm: 'random' };
  const entries: HistoryEntry[] = [];
  const running: HistoryEntry[] = [];
  for (let index = 0; index < size; index++) {
    const suggestion = suggest(source, { entries: [], running: [] }, index);
    assert.ok(suggestion.kind === 'suggested');
    const { configuration } = suggestion;
    const luck = chance();
    if (luck < 0.05) running.push({ index, configuration, outcome: 'succeeded' });
    else if (luck < 0.1) entries.push({ index, configuration, outcome: 'failed' });
    else {
      const value = luck < 0.15 ? Number.NaN : chance();
      entries.push({ index, configuration, outcome: 'succeeded', value });
    }
  }
  const runs = running.map(({ index, configuration }) => ({ index, configuration }));
  return { entries, running: runs };
}

function searcherOf(t: TestContext, file?: URL) {
  const log = recordingLog();
  const searcher = new ThreadSearcher(log, file);
  t.after(() => searcher.close());
  return { searcher, log };
}

test('G15 a thread gives the suggestions of this one, bit for bit, for every algorithm', async (t) => {
  const { searcher } = searcherOf(t);
  let heavy = 0;
  for (const { name, heavyFrom = 0 } of ALGORITHMS) {
    const problem = problemOf(name);
    for (const more of [-1, 5, 30]) {
      const history = historyOf(problem, Math.ceil(Math.max(heavyFrom, 10) * 1.2) + more);
      if (heavyFrom > 0 && history.entries.length >= heavyFrom) heavy += 1;
      const numbers = name === 'gp' || name === 'auto' ? [1200] : [1200, 1201, 1202];
      const got = await Promise.all(
        numbers.map((number) => searcher.suggest(problem, history, number, CALL)),
      );
      const wanted = numbers.map((number) => suggest(problem, history, number));
      assert.equal(JSON.stringify(got), JSON.stringify(wanted), name);
    }
  }
  assert.ok(heavy >= 8, `only ${heavy} questions went to the thread`);
  t.diagnostic(`${heavy} histories went to the thread`);
});

test('this thread goes on while the other one fits a Gaussian process', async (t) => {
  const { searcher } = searcherOf(t);
  const problem = problemOf('gp');
  const history = historyOf(problem, 120);
  let turns = 0;
  let isAnswered = false;
  const answer = searcher.suggest(problem, history, 120, CALL).then(() => {
    isAnswered = true;
  });
  while (!isAnswered) {
    await turn();
    turns += 1;
  }
  await answer;
  assert.ok(turns > 10, `only ${turns} turns of the loop`);
});

const DYING = new URL('./testing/dying-thread.ts', import.meta.url);

test('a thread that dies is told of, its questions fail, and the next question starts another', async (t) => {
  const { searcher, log } = searcherOf(t, DYING);
  const problem = problemOf('gp');
  const history = historyOf(problem, 20);
  const ask = (number: number) => searcher.suggest(problem, history, number, CALL);
  const both = await Promise.allSettled([ask(1), ask(4)]);
  for (const one of both) {
    assert.ok(one.status === 'rejected');
    assert.match(String(one.reason), /the search thread died: Error: out of luck/);
  }
  assert.deepEqual(await ask(2), { kind: 'exhausted', reason: '2' });
  await assert.rejects(ask(3), /out of luck/);
  assert.deepEqual(await ask(6), { kind: 'exhausted', reason: '6' });
  const lines = log.lines.map(([message]) => message);
  assert.deepEqual(lines, ['the search thread died', 'the search thread died']);
});

test('an abort ends the wait with its reason, and the thread answers the next question', async (t) => {
  const { searcher } = searcherOf(t, DYING);
  const problem = problemOf('gp');
  const history = historyOf(problem, 20);
  const stop = new AbortController();
  const waiting = searcher.suggest(problem, history, 4, stop);
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  assert.deepEqual(await searcher.suggest(problem, history, 8, CALL), {
    ...{ kind: 'exhausted', reason: '8' },
  });
  await assert.rejects(searcher.suggest(problem, history, 8, stop), /enough/);
});

test('closing fails what is asked, and what will be', async (t) => {
  const { searcher, log } = searcherOf(t, DYING);
  const problem = problemOf('gp');
  const history = historyOf(problem, 20);
  const waiting = assert.rejects(searcher.suggest(problem, history, 4, CALL), /closed/);
  await searcher.close();
  await waiting;
  await assert.rejects(searcher.suggest(problem, history, 2, CALL), /closed/);
  assert.deepEqual(log.lines, []);
});
