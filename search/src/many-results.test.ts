import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace } from './space/compile.ts';
import { isInSpace } from './space/configuration.ts';
import type { Problem } from './suggest/problem.ts';
import { suggest } from './suggest/suggest.ts';
import { NORMAL } from './testing/pathologies.ts';

/** Around the number at which Katib's service stopped to answer, and the most that is spoken of. */
const RESULTS = [2_057, 2_058, 10_000];

for (const algorithm of ['tpe', 'auto']) {
  test(`U3 ${algorithm} goes on to suggest, and to learn, behind ten thousand results`, () => {
    const space = compileSpace(NORMAL.dimensions);
    const problem: Problem = { space, goal: 'minimize', algorithm, seed: 1, maxTrials: 20_000 };
    for (const results of RESULTS) {
      const entries = NORMAL.entriesOf(results);
      const suggestion = suggest(problem, { entries, running: [] }, results);
      assert.ok(suggestion.kind === 'suggested' && isInSpace(space, suggestion.configuration));
      const [first, ...others] = entries;
      assert.ok(first !== undefined);
      const unlike = others.map((entry) => ({ ...entry, value: -(entry.value ?? 0) }));
      const other = suggest(problem, { entries: [first, ...unlike], running: [] }, results);
      assert.notDeepEqual(other, suggestion, `${results} results`);
    }
  });
}
