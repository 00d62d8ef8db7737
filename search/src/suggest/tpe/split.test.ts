import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryEntry } from '../problem.ts';
import { componentWeights, split } from './split.ts';

const entry = (changes: Partial<HistoryEntry>): HistoryEntry => ({
  ...{ index: 0, configuration: {}, outcome: 'succeeded' },
  ...changes,
});
const many = (count: number, changes: (i: number) => Partial<HistoryEntry>) =>
  Array.from({ length: count }, (_, i) => entry({ index: i, ...changes(i) }));

const cases: Record<string, { results: (HistoryEntry | undefined)[]; wantBelow: number[] }> = {
  'nothing has nothing below': { results: [], wantBelow: [] },
  'one of up to ten is below': { results: many(10, (i) => ({ value: 10 - i })), wantBelow: [9] },
  'two of eleven are below, from the oldest to the newest': {
    results: many(11, (i) => ({ value: -i })),
    wantBelow: [9, 10],
  },
  'at most 25 are below': {
    results: many(1000, (i) => ({ value: i })),
    wantBelow: Array.from({ length: 25 }, (_, i) => i),
  },
  'equal values keep the oldest below': {
    results: many(20, () => ({ value: 1 })),
    wantBelow: [0, 1],
  },
  'beside as many that run half as many are below': {
    results: [...many(40, (i) => ({ value: i })), ...Array.from({ length: 40 }, () => undefined)],
    wantBelow: [0, 1],
  },
  'running ones are never below': {
    results: [undefined, ...many(10, (i) => ({ value: i })), undefined],
    wantBelow: [1],
  },
  'stopped ones come behind all complete ones, the longest run first': {
    results: [
      entry({ outcome: 'stopped', value: 0, step: 3 }),
      entry({ outcome: 'stopped', value: 9, step: 8 }),
      entry({ outcome: 'stopped', value: 0 }),
      entry({ value: 100 }),
      ...many(7, () => ({ outcome: 'diverged' as const })),
    ],
    wantBelow: [1, 3],
  },
  'K6 K7 nothing without a finite value is ever below': {
    results: [
      ...many(5, () => ({ value: Number.NaN })),
      ...many(5, () => ({ value: Number.NEGATIVE_INFINITY })),
      ...many(5, () => ({ outcome: 'diverged', value: -1 })),
      ...many(5, () => ({ outcome: 'infeasible', value: -1 })),
      ...many(50, () => ({ outcome: 'failed', value: -1 })),
    ],
    wantBelow: [],
  },
};
for (const [name, { results, wantBelow }] of Object.entries(cases)) {
  test(name, () => {
    const { below, above } = split('minimize', results);
    assert.deepEqual([...below], wantBelow);
    assert.deepEqual(
      [...below, ...above].sort((a, b) => a - b),
      [...results.keys()],
    );
  });
}

test('maximising takes the largest', () => {
  assert.deepEqual(
    [
      ...split(
        'maximize',
        many(10, (i) => ({ value: i })),
      ).below,
    ],
    [9],
  );
});

test('weights: all the same up to 25, then a ramp from the oldest', () => {
  assert.deepEqual([...componentWeights(3)], [0.25, 0.25, 0.25, 0.25]);
  const weights = componentWeights(60);
  const scale = weights[60] as number;
  assert.ok(Math.abs((weights[0] as number) / scale - 1 / 60) < 1e-12);
  assert.ok(weights.subarray(34).every((weight) => Math.abs(weight - scale) < 1e-15));
  assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight) - 1) < 1e-12);
  assert.ok(
    Math.abs((componentWeights(26)[0] as number) * 26 - (componentWeights(26)[1] as number)) <
      1e-12,
  );
});
