import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import { overhead } from './overhead.ts';

const cases: Record<
  string,
  { runs: [number, number][]; parallel: number; want: { trialMs: number; gapMs: number } }
> = {
  'one trial has no gap': { runs: [[0, 10]], parallel: 1, want: { trialMs: 10, gapMs: 0 } },
  'the time between two trials in one slot is a gap': {
    runs: [
      [0, 10],
      [13, 20],
    ],
    parallel: 1,
    want: { trialMs: 17, gapMs: 3 },
  },
  'two slots are taken in the order in which they become free': {
    runs: [
      [0, 10],
      [0, 4],
      [5, 20],
      [12, 20],
    ],
    parallel: 2,
    want: { trialMs: 37, gapMs: 3 },
  },
  'an empty slot after the last start is no gap': {
    runs: [
      [0, 100],
      [0, 1],
    ],
    parallel: 2,
    want: { trialMs: 101, gapMs: 0 },
  },
};

for (const [name, { runs, parallel, want }] of Object.entries(cases)) {
  test(`overhead: ${name}`, () => assert.deepEqual(overhead(runs.map(trial), parallel), want));
}

function trial([start, end]: [number, number]): Trial {
  const attempts = [
    {
      number: 0,
      startTime: new Date(start).toISOString(),
      endTime: new Date(end).toISOString(),
    },
  ];
  return { status: { attempts } } as unknown as Trial;
}
