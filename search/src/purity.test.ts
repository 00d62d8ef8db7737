import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PastResult } from './conformance.ts';
import { compileSpace } from './space/compile.ts';
import type { HistoryEntry, RunningEntry } from './suggest/problem.ts';
import { suggest } from './suggest/suggest.ts';
import { deepSpaces, pastResults } from './testing/arbitraries.ts';
import { answer, type Question } from './testing/question.ts';

const ALL = process.env['ESPALIER_TEST_ALL'] === '1';
const ANSWERER = join(import.meta.dirname, 'testing/answerer.ts');

/** A search at some point of it, and another order in which the same results may have arrived. */
const moments = fc
  .record({
    dimensions: deepSpaces,
    seed: fc.maxSafeInteger(),
    goal: fc.constantFrom('maximize' as const, 'minimize' as const),
    // Fitting a Gaussian process takes as long as fifty of the others.
    algorithm: fc.oneof(
      { arbitrary: fc.constantFrom('tpe', 'random', 'sobol'), weight: 60 },
      { arbitrary: fc.constantFrom('gp', 'auto'), weight: 1 },
    ),
    past: fc.array(pastResults, { minLength: 6, maxLength: 24 }),
  })
  .chain((given) =>
    fc.record({
      given: fc.constant(given),
      seen: fc.nat(given.past.length),
      arrival: fc.shuffledSubarray([...given.past.keys()], {
        minLength: given.past.length,
        maxLength: given.past.length,
      }),
    }),
  );

const runs = ALL ? 10_000 : 500;

test(`${runs} searches of spaces with conditions three deep: the same suggestion from any prefix, in another order, in another process`, async (t) => {
  const child = fork(ANSWERER, { serialization: 'advanced' });
  const exited = once(child, 'exit');
  const lost = exited.then(() => Promise.reject(new Error('the other process ended')));
  lost.catch(() => {});
  const asked = async (question: Question) => {
    const replied = once(child, 'message');
    child.send(question);
    const [reply] = await Promise.race([replied, lost]);
    return reply;
  };
  let fromModel = 0;
  try {
    await fc.assert(
      fc.asyncProperty(moments, async ({ given, seen, arrival }) => {
        const { dimensions, past, ...rest } = given;
        const problem = { ...rest, maxTrials: 100 };
        const source = { ...problem, algorithm: 'random', space: compileSpace(dimensions) };
        const rows = past.map((result, index) => rowOf(source, result, index));
        const all = historyOf(rows);
        const prefix = historyOf(rows.slice(0, seen));
        if (prefix.entries.length >= 10 && rest.algorithm !== 'random') fromModel++;
        const first = answer({ dimensions, problem, history: prefix, index: seen });
        // What came later, and was asked in between, leaves no trace.
        answer({ dimensions, problem, history: all, index: past.length });
        const basis = arrival.filter((index) => index < seen);
        const turned = historyOf(basis.map((index) => rows[index] as Row));
        const question = { dimensions, problem, history: turned, index: seen };
        assert.deepEqual(answer(question), first);
        assert.deepEqual(await asked(question), first);
      }),
      { numRuns: runs },
    );
  } finally {
    child.disconnect();
  }
  await exited;
  t.diagnostic(`${runs} cases, ${fromModel} of them beyond the first ten results`);
  assert.ok(fromModel > runs / 20, 'enough of them ask a model');
});

type Row = HistoryEntry | RunningEntry;

function rowOf(source: Parameters<typeof suggest>[0], result: PastResult, index: number): Row {
  const suggestion = suggest(source, { entries: [], running: [] }, index);
  const configuration = suggestion.kind === 'suggested' ? suggestion.configuration : {};
  const { outcome, value } = result;
  if (outcome === 'running') return { index, configuration };
  return { index, configuration, outcome, ...(value === undefined ? {} : { value }) };
}

function historyOf(rows: readonly Row[]) {
  const entries = rows.filter((row): row is HistoryEntry => 'outcome' in row);
  return { entries, running: rows.filter((row) => !('outcome' in row)) };
}
