import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arrived, SyncJudge, type Verdict } from './sync-judge.ts';

const at = (contiguousTo: number, hasStarted = true, hasFinished = false): Arrived => ({
  contiguousTo,
  hasStarted,
  hasFinished,
});

type Step = [ms: number, arrived: Arrived, acked: Arrived, want: Verdict];
const stories: Record<string, Step[]> = {
  'all is there': [[0, at(5), at(5), 'whole']],
  'more is there than was acked': [[0, at(9), at(5), 'whole']],
  'a reader that is behind but moves is never pressed': [
    [0, at(1), at(100), 'behind'],
    [900, at(2), at(200), 'behind'],
    [1_800, at(3), at(300), 'behind'],
    [9_000, at(4), at(400), 'behind'],
  ],
  'what does not move for the whole patience is lost': [
    [0, at(1), at(5), 'behind'],
    [999, at(1), at(6), 'behind'],
    [1_000, at(1), at(7), 'lost'],
  ],
  'going back is no progress': [
    [0, at(5), at(5), 'whole'],
    [1_000, at(-1, false), at(5), 'behind'],
    [2_000, at(-1, false), at(5), 'lost'],
  ],
  'the first line is missing': [
    [0, at(5, false), at(5), 'behind'],
    [1_000, at(5, false), at(5), 'lost'],
  ],
  'the last line is missing': [
    [0, at(5), at(5, true, true), 'behind'],
    [1_000, at(5), at(5, true, true), 'lost'],
  ],
  'sent again in vain, patience doubles until all was there once': [
    [0, at(1), at(5), 'behind'],
    [1_000, at(1), at(5), 'lost'],
    [1_100, at(1), at(5), 'behind'],
    [3_000, at(1), at(5), 'behind'],
    [3_100, at(1), at(5), 'lost'],
    [3_200, at(5), at(5), 'whole'],
    [3_300, at(5), at(9), 'behind'],
    [4_300, at(5), at(9), 'lost'],
  ],
};
for (const [title, steps] of Object.entries(stories)) {
  test(title, () => {
    const judge = new SyncJudge(1_000);
    for (const [ms, arrived, acked, want] of steps) {
      assert.equal(judge.judge(arrived, acked, ms), want, `at ${ms} ms`);
    }
  });
}
