import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compileSpace } from './space/compile.ts';
import { isInSpace } from './space/configuration.ts';
import type { HistoryEntry, Problem } from './suggest/problem.ts';
import { suggest } from './suggest/suggest.ts';
import { NORMAL, PATHOLOGIES } from './testing/pathologies.ts';

/** Results: as many as each algorithm still models. */
const SIZES: Record<string, readonly number[]> = {
  tpe: [10, 400],
  gp: [10, 60],
  auto: [10, 60],
  'cma-es': [10, 400],
};

for (const [name, { dimensions, entriesOf }] of Object.entries(PATHOLOGIES)) {
  test(`K4 K6 a history of ${name} throws nothing and leaves no bounds`, () => {
    const space = compileSpace(dimensions);
    for (const [algorithm, sizes] of Object.entries(SIZES)) {
      if (algorithm === 'cma-es' && dimensions.some(({ kind }) => kind === 'categorical')) continue;
      for (const results of sizes) {
        const entries = entriesOf(results);
        const running = entries.slice(0, 3).map(({ configuration }, i) => {
          return { index: results + i, configuration };
        });
        for (const goal of ['minimize', 'maximize'] as const) {
          const problem: Problem = { space, goal, algorithm, seed: 1, maxTrials: 1000 };
          const suggestion = suggest(problem, { entries, running }, results + 3);
          assert.ok(
            suggestion.kind === 'suggested' && isInSpace(space, suggestion.configuration),
            `${algorithm} at ${results}`,
          );
        }
      }
    }
  });
}

const ASKS = 10_000;
/** A hundred bytes an ask. */
const MOST_GROWTH = 1_000_000;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes that are held after 10,000 calls and were not before, the first thousand apart. */
function growthOver(ask: (index: number) => unknown): number {
  for (let index = 0; index < 1000; index++) ask(index);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 1000; index < 1000 + ASKS; index++) ask(index);
  collect();
  return process.memoryUsage().heapUsed - before;
}

function asker(algorithm: string, entries: readonly HistoryEntry[]) {
  const space = compileSpace(NORMAL.dimensions);
  const problem: Problem = { space, goal: 'minimize', algorithm, seed: 1, maxTrials: ASKS };
  return (index: number) => suggest(problem, { entries, running: [] }, index);
}

for (const algorithm of ['random', 'sobol', 'tpe', 'cma-es']) {
  test(`10,000 suggestions of ${algorithm} leave nothing behind`, (t) => {
    const growth = growthOver(asker(algorithm, NORMAL.entriesOf(30)));
    t.diagnostic(`${growth} bytes more after ${ASKS} suggestions`);
    assert.ok(growth < MOST_GROWTH, `${growth} bytes`);
  });
}

test('the measure of what is left behind notices a search that keeps its answers', () => {
  const kept: unknown[] = [];
  const ask = asker('random', []);
  const growth = growthOver((index) => kept.push(ask(index)));
  assert.ok(growth > MOST_GROWTH, `${growth} bytes of ${kept.length} answers`);
});
