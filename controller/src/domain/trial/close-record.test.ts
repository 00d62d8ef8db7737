import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point, ReportLine } from '@espalier/api';
import { closeRecord } from './close-record.ts';
import { emptyFold, type FeedFold, foldLine } from './feed-fold.ts';
import { viewOf } from './feed-trajectory.ts';

const INTEREST = { metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [2] } as const;
const point = (seq: number): Point => {
  return { seq, step: seq, epoch: seq + 1, values: { acc: seq / 10 }, time: 0 };
};
const fold = (attempt: number, seqs: readonly number[], ...more: ReportLine[]): FeedFold => {
  const made = emptyFold(INTEREST);
  foldLine(made, attempt, { kind: 'points', points: seqs.map(point) }, 1);
  for (const line of more) foldLine(made, attempt, line, 1);
  return made;
};
const finished = (lastSeq: number) =>
  ({ kind: 'finished', time: 0, lastSeq, digest: '0'.repeat(16) }) as const;

const cases: Record<string, { record: FeedFold; heard: FeedFold; stands: boolean }> = {
  'nothing was heard': { record: fold(1, [0, 1, 2]), heard: emptyFold(INTEREST), stands: true },
  'the end was lost': { record: fold(1, [0, 1, 2]), heard: fold(1, [1]), stands: true },
  'the attempt before was lost': { record: fold(1, [0, 1, 2]), heard: fold(1, [2]), stands: true },
  'more was heard': { record: fold(1, [0, 1, 2]), heard: fold(1, [3]), stands: false },
  'more was announced': {
    record: fold(1, [0, 1, 2]),
    heard: fold(1, [1], finished(3)),
    stands: false,
  },
  'the record has a gap': { record: fold(1, [0, 2]), heard: fold(1, [1]), stands: false },
  'the record begins late': { record: fold(1, [1, 2]), heard: fold(1, [1]), stands: false },
  'the record is empty': { record: fold(1, []), heard: emptyFold(INTEREST), stands: false },
};
for (const [name, { record, heard, stands }] of Object.entries(cases)) {
  test(`G7 a record ${stands ? 'stands' : 'gives way'} where ${name}`, () => {
    const closed = closeRecord(record, heard, 1);
    assert.equal(closed !== undefined, stands);
    if (closed === undefined) return;
    const { complete, points, best, milestones } = viewOf(closed, 1);
    assert.deepEqual(
      { complete, points, best: best?.value },
      { complete: true, points: 3, best: 0.2 },
    );
    assert.deepEqual(milestones, [{ milestone: 2, value: 0.1 }]);
  });
}
