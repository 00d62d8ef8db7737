import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportLine } from '@espalier/api';
import fc from 'fast-check';
import { feed } from '../testing/builders.ts';
import { emptyFold, foldLine } from './feed-fold.ts';
import { viewOf } from './feed-trajectory.ts';
import type { FeedView, FoldInterest } from './feed-view.ts';
import { missingMetric, observationOf } from './observation.ts';

const BASE = { resource: 'epoch', milestones: [] } as const;
const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.NaN));
const line = fc.record({
  attempt: fc.integer({ min: 0, max: 2 }),
  seq: fc.integer({ min: 0, max: 12 }),
  values: fc.record({ acc: value, ms: value, mb: value }, { requiredKeys: [] }),
});

interface Told {
  readonly attempt: number;
  readonly seq: number;
  readonly values: Readonly<Record<string, number>>;
}

function viewFor(interest: FoldInterest, lines: readonly Told[]): FeedView {
  const fold = emptyFold(interest);
  for (const { attempt, seq, values } of lines) {
    const point = { seq, step: seq * 10, epoch: seq, values, time: 0 };
    foldLine(fold, attempt, { kind: 'points', points: [point] } as ReportLine, 1);
  }
  return viewOf(fold, 2);
}

test('G6 K7 U24 a further metric has the best and the last value that it had as the only one', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const others = [
        { metric: 'ms', goal: 'minimize' },
        { metric: 'mb', goal: 'maximize' },
      ] as const;
      const together = viewFor({ ...BASE, metric: 'acc', goal: 'maximize', others }, lines);
      for (const [i, other] of others.entries()) {
        const { best, last } = viewFor({ ...BASE, ...other }, lines);
        const want = { ...(best && { best }), ...(last && { last }) };
        assert.deepEqual(together.others?.[i], want);
      }
      const { others: _, ...view } = together;
      assert.deepEqual(view, viewFor({ ...BASE, metric: 'acc', goal: 'maximize' }, lines));
    }),
    { numRuns: 500 },
  );
});

const METRICS = [
  { metric: 'acc', goal: 'maximize', report: 'best' },
  { metric: 'ms', goal: 'minimize', report: 'best' },
  { metric: 'mb', goal: 'minimize', report: 'last' },
] as const;
const at = (value_: number) => ({ value: value_, step: 1, epoch: 1 });
const SEEN = { lastStep: 1, lastEpoch: 1, points: 3 };

test('U24 each metric counts as its report says, and what is not known is named', () => {
  const view = feed({
    ...SEEN,
    best: at(0.9),
    last: at(0.5),
    others: [
      { best: at(3), last: at(7) },
      { best: at(1), last: at(2) },
    ],
  });
  const observation = observationOf(METRICS, view, undefined, undefined);
  assert.deepEqual(observation?.values, [
    { metric: 'acc', value: 0.9 },
    { metric: 'ms', value: 3 },
    { metric: 'mb', value: 2 },
  ]);
  assert.equal(missingMetric(METRICS, observation), undefined);
  const lacking = feed({ ...view, others: [{ last: at(Number.NaN) }, { last: at(2) }] });
  assert.equal(missingMetric(METRICS, observationOf(METRICS, lacking, undefined, undefined)), 'ms');
});

test('G7 U24 a feed that lost its past takes no value of any metric away', () => {
  const values = [
    { metric: 'acc', value: 0.8 },
    { metric: 'ms', value: 3 },
    { metric: 'mb', value: 9 },
  ];
  const recorded = { ...SEEN, points: 9, lastStep: 5, value: 0.8, step: 4, epoch: 1, values };
  const view = feed({ ...SEEN, best: at(0.9), others: [{ best: at(5), last: at(5) }, {}] });
  assert.deepEqual(observationOf(METRICS, view, recorded, undefined)?.values, [
    { metric: 'acc', value: 0.9 },
    { metric: 'ms', value: 3 },
    { metric: 'mb', value: 9 },
  ]);
});

test('K12 U24 the termination message fills in the metrics of which nothing was heard', () => {
  const words = '{"step":9,"epoch":2,"values":{"acc":0.25,"ms":4,"mb":"hostile"}}';
  const observation = observationOf(METRICS, feed(), undefined, words);
  assert.deepEqual(observation?.values, [
    { metric: 'acc', value: 0.25 },
    { metric: 'ms', value: 4 },
  ]);
  assert.equal(observation?.value, 0.25);
  assert.equal(missingMetric(METRICS, observation), 'mb');
  const heard = feed({ ...SEEN, best: at(0.9), last: at(0.9), others: [{}, { last: at(1) }] });
  assert.deepEqual(observationOf(METRICS, heard, undefined, words)?.values, [
    { metric: 'acc', value: 0.9 },
    { metric: 'ms', value: 4 },
    { metric: 'mb', value: 1 },
  ]);
});
