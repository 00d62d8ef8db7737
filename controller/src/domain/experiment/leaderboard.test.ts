import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import { experiment, replicateOf, succeeded, trial } from '../testing/builders.ts';
import { leaderboardOf } from './leaderboard.ts';

const RACE = experiment({
  objective: { metric: 'acc', goal: 'maximize' },
  replicates: {
    parameter: 'seed',
    values: [1, 2, 3, 4],
    racing: { eta: 2, confirm: { top: 1, values: [8, 9] } },
  },
}).spec;

/** The values of a configuration's replicates, then of those that were held back. */
function trialsOf(
  configurations: readonly (readonly number[])[],
  heldBack: readonly number[],
): Trial[] {
  const all = configurations.flatMap((values, number) =>
    values.map((value, replicate) => ({ number, replicate, value })),
  );
  const confirmed = heldBack.map((value, j) => ({ number: 1, replicate: 4 + j, value }));
  return [...all, ...confirmed].map(({ number, replicate, value }, index) =>
    trial(`a-${String(index).padStart(5, '0')}`, replicateOf(number, replicate), succeeded(value)),
  );
}

test('who was confirmed is first, then who ran more often, and a lucky one is last', () => {
  const values = [[0.5, 0.5, 0.5, 0.5], [0.6, 0.7, 0.8, 0.7], [0.99], [0.8, 0.8]];
  const board = leaderboardOf(RACE, trialsOf(values, [0.6, 0.62]));
  assert.deepEqual(
    board.map(({ index, replicates }) => [index, replicates]),
    [
      [1, 2],
      [0, 4],
      [3, 2],
      [2, 1],
    ],
  );
  assert.ok(Math.abs((board[0]?.mean ?? 0) - 0.61) < 1e-12, 'the mean over what was held back');
  // Compared on the seeds of the race, of which both have four.
  assert.equal(board[1]?.pWorse, 2 / 16);
});
