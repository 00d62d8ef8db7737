import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Contestant, leaderboard } from './leaderboard.ts';

function contestant(index: number, values: readonly number[], from = 0): Contestant {
  const byReplicate = new Map(values.map((value, j) => [from + j, value]));
  return { index, counted: values, byReplicate };
}

test('who is clearly worse on the same replicates is told apart, who is not is not', () => {
  const noise = [0, 3, -2, 5, 1, -4, 2, 6];
  const better = (by: number) => noise.map((value, j) => 10 + value - by - j / 1000);
  const board = leaderboard(
    'maximize',
    [
      contestant(4, better(0)),
      contestant(
        1,
        noise.map((value) => 10 + value - 0.001 + (value % 2 === 0 ? 0.002 : -0.003)),
      ),
      contestant(2, better(0.5)),
    ],
    1,
  );
  const [first, second, third] = board;
  assert.deepEqual(
    board.map(({ index, isApart }) => [index, isApart]),
    [
      [4, false],
      [1, false],
      [2, true],
    ],
  );
  // The noise of the seeds is far larger than 0.5, and cancels: 1/256, times 2 for two comparisons.
  assert.equal(third?.pWorse, 2 / 256);
  assert.equal(first?.pWorse, undefined);
  assert.ok((second?.pWorse ?? 0) > 0.05);
  assert.equal(third?.pBest, 0);
  assert.ok(Math.abs((first?.pBest ?? 0) + (second?.pBest ?? 0) - 1) < 1e-12);
});

test('a single value has no interval and no chance, and is never told apart', () => {
  const [, lucky] = leaderboard('minimize', [contestant(0, [5, 6]), contestant(1, [1])], 0);
  assert.deepEqual(lucky, { index: 1, mean: 1, replicates: 1, isApart: false });
});

test('without two shared replicates there is no comparison', () => {
  const [, other] = leaderboard(
    'minimize',
    [contestant(0, [1, 2], 8), contestant(1, [9, 9, 9])],
    0,
  );
  assert.deepEqual([other?.pWorse, other?.isApart], [undefined, false]);
});

test('the same arguments give the same numbers, chances add up to one, p-values are p-values', () => {
  const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(values, { maxLength: 6 }),
      fc.integer({ min: 0, max: 99 }),
      (all, seed) => {
        const ranked = all.map((own, index) => contestant(index, own));
        const board = leaderboard('minimize', ranked, seed);
        assert.deepEqual(leaderboard('minimize', ranked, seed), board);
        const chances = board.flatMap(({ pBest }) => (pBest === undefined ? [] : [pBest]));
        const sum = chances.reduce((total, chance) => total + chance, 0);
        assert.ok(chances.length === 0 || Math.abs(sum - 1) < 1e-9, String(sum));
        for (const { pWorse = 0.5, interval, mean } of board) {
          assert.ok(pWorse >= 0 && pWorse <= 1);
          if (interval !== undefined) assert.ok(interval.low <= mean && mean <= interval.high);
        }
      },
    ),
    { numRuns: 40 },
  );
});
