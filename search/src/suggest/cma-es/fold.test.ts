import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSpace } from '../../space/compile.ts';
import { float } from '../../testing/search.ts';
import { observe } from '../observations.ts';
import type { HistoryEntry } from '../problem.ts';
import { foldHistory, type Generation } from './fold.ts';
import { settingsFor } from './settings.ts';

const SPACE = compileSpace([float('x'), float('y')]);
const SETTINGS = settingsFor(2);

/** Few values, so that generations are the same, nearly the same, or equal in all but one result. */
const entries = fc.array(
  fc.record({
    x: fc.constantFrom(0.1, 0.7),
    y: fc.constantFrom(0.2, 0.9),
    outcome: fc.constantFrom('succeeded' as const, 'stopped' as const, 'failed' as const),
    value: fc.constantFrom(1, 2, Number.NaN),
    step: fc.constantFrom(1, 2),
  }),
  { maxLength: 40 },
);

test('G15 what was folded before never shows: changed, shorter and longer histories alike', () => {
  let reused = 0;
  fc.assert(
    fc.property(
      entries,
      fc.array(fc.tuple(entries, fc.nat(40)), { maxLength: 6 }),
      (base, turns) => {
        const folded: Generation[] = [];
        for (const [other, cut] of [[base, 0] as const, ...turns, [base, 0] as const]) {
          // The beginning of the one, the end of the other.
          const list = [...base.slice(0, cut), ...other.slice(cut)];
          const history = list.map(({ x, y, ...rest }, index): HistoryEntry => {
            return { index, configuration: { x, y }, ...rest };
          });
          const observations = observe(SPACE, { entries: history, running: [] });
          const before = folded.at(0)?.state;
          const state = foldHistory('minimize', observations, SETTINGS, folded);
          if (before !== undefined && folded[0]?.state === before) reused += 1;
          assert.deepEqual(state, foldHistory('minimize', observations, SETTINGS));
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(reused > 100, `only ${reused} folds went on from an earlier one`);
});
