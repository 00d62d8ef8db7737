import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReportProgress } from './report-progress.ts';
import { SeqIndex } from './seq-index.ts';

const points = (...seqs: number[]) =>
  seqs.map((seq) => ({ seq, step: seq, epoch: 0, values: {}, time: 0 }));
const started = (firstSeq: number) =>
  ({ kind: 'started', time: 0, firstSeq, resumedStep: 0 }) as const;
const acked = (topSeq: number) => ({ channel: 'points', data: '', topSeq }) as const;
const arrived = (contiguousTo: number, hasStarted = true, hasFinished = false) => ({
  contiguousTo,
  hasStarted,
  hasFinished,
});

test('what is acked and has no gap must arrive', () => {
  const progress = new ReportProgress();
  progress.readState(0, started(0));
  progress.readPoints(10, points(0, 1, 2));
  progress.readPoints(20, points(3, 4));
  assert.equal(progress.isEmpty, true, 'nothing is acked yet');
  progress.acked({ channel: 'state', data: '', topSeq: -1, state: 'started' });
  progress.acked(acked(2));
  assert.deepEqual(progress.delivered, arrived(2));
  assert.equal(progress.rewind(arrived(0)), 10, 'the line that holds the next point');
  assert.deepEqual(progress.delivered, arrived(0), 'the rest counts as not acked');
  assert.equal(progress.rewind(arrived(2, false)), 0, 'the first line is missing');
});

const unverifiable: Record<string, { first: number; seqs: number[]; want: number }> = {
  'nothing after a gap': { first: 0, seqs: [0, 1, 5, 6], want: 1 },
  'nothing of a file that does not begin where it says': { first: 0, seqs: [7, 8], want: -1 },
  'a resumed attempt from its first point on': { first: 100, seqs: [100, 101], want: 101 },
  'a number that goes back once': { first: 0, seqs: [0, 1, 1, 0, 2], want: 2 },
};
for (const [what, { first, seqs, want }] of Object.entries(unverifiable)) {
  test(`asks for ${what}`, () => {
    const progress = new ReportProgress();
    progress.readState(0, started(first));
    progress.readPoints(10, points(...seqs));
    progress.acked(acked(Math.max(...seqs)));
    assert.equal(progress.delivered.contiguousTo, want);
  });
}

test('the index finds a place at or before every point, and stays small', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5_000 }),
      (sizes) => {
        const index = new SeqIndex();
        const starts: number[] = [];
        let seq = 0;
        for (const [line, size] of sizes.entries()) {
          starts.push(seq);
          index.add(seq, line);
          seq += size;
        }
        for (const wanted of [0, 1, seq >> 1, seq - 1, seq + 10]) {
          const line = index.find(wanted);
          assert.ok((starts[line] ?? 0) <= wanted);
          const best = starts.findLastIndex((start) => start <= wanted);
          assert.ok(best - line <= sizes.length / 256, `${best - line} lines too early`);
        }
      },
    ),
    { numRuns: 50 },
  );
});
