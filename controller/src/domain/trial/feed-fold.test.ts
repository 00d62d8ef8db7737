import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addToDigest,
  EMPTY_DIGEST,
  formatDigest,
  type Point,
  type ReportLine,
} from '@espalier/api';
import fc from 'fast-check';
import { emptyFold, foldEnd, foldLine } from './feed-fold.ts';
import { viewOf } from './feed-trajectory.ts';
import type { FeedView, FoldInterest } from './feed-view.ts';

const INTEREST: FoldInterest = {
  metric: 'acc',
  goal: 'maximize',
  resource: 'epoch',
  milestones: [1, 2, 4],
};

function point(seq: number, value?: number, epoch = seq + 1): Point {
  const values: Record<string, number> =
    value === undefined ? { loss: seq } : { acc: value, loss: seq };
  return { seq, step: epoch * 10, epoch, values, time: 0 };
}

const points = (...list: Point[]): ReportLine => ({ kind: 'points', points: list });
const started = (firstSeq: number): ReportLine => ({
  kind: 'started',
  time: 0,
  firstSeq,
  resumedStep: firstSeq * 10,
});

function finished(...list: Point[]): ReportLine {
  const digest = formatDigest(list.reduce(addToDigest, EMPTY_DIGEST));
  return { kind: 'finished', time: 0, lastSeq: list.at(-1)?.seq ?? -1, digest };
}

/** The view without arrival times, which depend on the order by their nature. */
function viewAfter(
  lines: readonly (readonly [number, ReportLine])[],
  current = Math.max(0, ...lines.map(([attempt]) => attempt)),
  interest = INTEREST,
): Omit<FeedView, 'firstReportMs' | 'lastReportMs'> {
  const fold = emptyFold(interest);
  for (const [attempt, line] of lines) foldLine(fold, attempt, line, 1);
  const { firstReportMs, lastReportMs, ...view } = viewOf(fold, current);
  return view;
}

interface NaivePoint extends Point {
  readonly attempt: number;
}

/** The definition, without any cleverness: sort all points, drop what a later attempt did again. */
function naive(lines: readonly (readonly [number, ReportLine])[]) {
  const all = new Map<string, NaivePoint>();
  const first = new Map<number, number>();
  const starts = new Map<number, number>();
  for (const [attempt, line] of lines) {
    if (line.kind === 'started') starts.set(attempt, line.firstSeq);
    for (const one of line.kind === 'points' ? line.points : []) {
      all.set(`${attempt}/${one.seq}`, { ...one, attempt });
      first.set(attempt, Math.min(first.get(attempt) ?? one.seq, one.seq));
    }
  }
  const attempts = new Set([...first.keys(), ...starts.keys()]);
  const survives = ({ attempt, seq }: NaivePoint) =>
    [...attempts].every(
      (later) => later <= attempt || seq < (starts.get(later) ?? first.get(later) ?? Infinity),
    );
  const trajectory = [...all.values()]
    .filter((one) => survives(one) && one.values['acc'] !== undefined)
    .sort((a, b) => a.seq - b.seq);
  const value = ({ values, step, epoch }: NaivePoint) => ({ value: values['acc'], step, epoch });
  let best: NaivePoint | undefined;
  for (const one of trajectory) {
    const own = one.values['acc'] as number;
    if (Number.isFinite(own) && own > (best?.values['acc'] ?? -Infinity)) best = one;
  }
  const last = trajectory.at(-1);
  return {
    points: all.size,
    best: best && value(best),
    last: last && value(last),
    milestones: INTEREST.milestones.flatMap((milestone) => {
      const hit = trajectory.find(({ epoch }) => epoch >= milestone);
      return hit === undefined ? [] : [{ milestone, value: hit.values['acc'] as number }];
    }),
  };
}

const anyValue = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0.5),
  fc.double({ noNaN: true, min: -1, max: 1 }),
);
/** Up to three attempts; each goes on from somewhere in the one before. */
const anyHistory = fc
  .array(
    fc.record({
      from: fc.nat(12),
      values: fc.array(anyValue, { maxLength: 12 }),
      says: fc.boolean(),
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((attempts) => {
    let reached = 0;
    return attempts.flatMap(({ from, values, says }, attempt): [number, ReportLine][] => {
      const firstSeq = Math.min(from, reached);
      reached = firstSeq + values.length;
      const own = values.map((value, i) => point(firstSeq + i, value));
      const start: [number, ReportLine][] = says ? [[attempt, started(firstSeq)]] : [];
      return [...start, ...own.map((one): [number, ReportLine] => [attempt, points(one)])];
    });
  });

test('G6 the fold is what its definition says, whatever the attempts', () => {
  fc.assert(
    fc.property(anyHistory, (lines) => {
      const { points: count, best, last, milestones, isWhole } = viewAfter(lines);
      assert.deepEqual({ points: count, best, last, milestones }, naive(lines));
      assert.equal(isWhole, true);
    }),
    { numRuns: 500 },
  );
});

test('G6 G7 whatever is missing, no milestone is ever shown with the value of a later point', () => {
  const lossy = anyHistory.chain((lines) =>
    fc.record({
      lines: fc.constant(lines),
      lost: fc.nat(lines.length),
      // The first lines of all attempts are heard again soon: it is the points that are many.
      late: fc.shuffledSubarray(lines.filter(([, { kind }]) => kind === 'points')),
    }),
  );
  fc.assert(
    fc.property(lossy, ({ lines, lost, late }) => {
      const { milestones: all } = naive(lines);
      const current = Math.max(0, ...lines.map(([attempt]) => attempt));
      const right = new Map(all.map(({ milestone, value }) => [milestone, value]));
      for (const heard of [lines.slice(lost), lines.filter((line) => !late.includes(line))]) {
        if (!isTold(heard, lines)) continue;
        for (const { milestone, value } of viewAfter(heard, current).milestones) {
          assert.equal(value, right.get(milestone), `milestone ${milestone}`);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

/** Whether every attempt but the first that was heard says where it begins, and so what it overrides. */
function isTold(
  heard: readonly (readonly [number, ReportLine])[],
  lines: readonly (readonly [number, ReportLine])[],
): boolean {
  const first = Math.min(...heard.map(([attempt]) => attempt));
  const told = new Set(
    heard.flatMap(([attempt, { kind }]) => (kind === 'started' ? [attempt] : [])),
  );
  return lines.every(([attempt]) => attempt <= first || told.has(attempt));
}

test('a point that is missing shows, until it comes or the file has ended', () => {
  const fold = emptyFold(INTEREST);
  const look = () => {
    const { isWhole, complete, milestones } = viewOf(fold, 0);
    return { isWhole, complete, milestones: milestones.length };
  };
  const all = Array.from({ length: 4 }, (_, seq) => point(seq, seq));
  const [zero, one, ...rest] = all as [Point, Point, ...Point[]];
  foldLine(fold, 0, points(zero, ...rest), 1);
  assert.deepEqual(look(), { isWhole: false, complete: false, milestones: 1 });
  assert.equal(foldLine(fold, 0, points(one), 1), true, 'a gap that closes is news');
  assert.deepEqual(look(), { isWhole: true, complete: false, milestones: 3 });
  foldLine(fold, 1, started(5), 1);
  foldLine(fold, 1, points(point(5, 5)), 1);
  foldLine(fold, 1, finished(point(5, 5)), 1);
  assert.equal(viewOf(fold, 1).complete, false, 'point 4 of the attempt before is missing');
  foldLine(fold, 0, points(point(4, 4)), 1);
  assert.equal(viewOf(fold, 1).complete, true);
  const ended = emptyFold(INTEREST);
  foldLine(ended, 1, points(point(7, 7)), 1);
  assert.equal(viewOf(ended, 1).isWhole, false);
  foldEnd(ended, 1);
  assert.equal(viewOf(ended, 1).isWhole, true);
});

test('the epochs of a complete run are those that the latest attempt told', () => {
  const line = { kind: 'started', time: 0, firstSeq: 0, resumedStep: 0 } as const;
  assert.equal(viewAfter([[0, line]]).epochs, undefined);
  assert.equal(
    viewAfter([
      [0, { ...line, epochs: 5 }],
      [1, { ...line, epochs: 7 }],
      [2, line],
    ]).epochs,
    7,
  );
});

test('G6 duplicates, batches and any order give the same view', () => {
  const shuffled = anyHistory.chain((lines) =>
    fc.record({
      lines: fc.constant(lines),
      again: fc.shuffledSubarray([...lines, ...lines], { minLength: 0 }),
      order: fc.shuffledSubarray(lines, { minLength: lines.length }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ lines, again, order }) => {
      assert.deepEqual(viewAfter([...order, ...again]), viewAfter(lines));
    }),
    { numRuns: 500 },
  );
});

test('K7 NaN and infinities never become best, wherever they stand', () => {
  const { best, last } = viewAfter([[0, points(point(0, NaN), point(1, 0.5), point(2, Infinity))]]);
  assert.equal(best?.value, 0.5);
  assert.equal(last?.value, Infinity);
});

test('ties go to the earliest point', () => {
  const { best } = viewAfter([[0, points(point(2, 0.5), point(1, 0.5), point(3, 0.4))]]);
  assert.equal(best?.epoch, 2);
});

test('where less is better the smallest is best', () => {
  const lines = [[0, points(point(0, 3), point(1, 1), point(2, 2))]] as const;
  assert.equal(viewAfter(lines, 0, { ...INTEREST, goal: 'minimize' }).best?.value, 1);
});

test('a resumed attempt overrides what the one before did beyond the checkpoint', () => {
  const before: [number, ReportLine] = [0, points(point(0, 0.1), point(1, 0.9), point(2, 0.95))];
  const { best, last, milestones } = viewAfter([
    before,
    [1, started(1)],
    [1, points(point(1, 0.3))],
  ]);
  assert.equal(best?.value, 0.3, '0.9 and 0.95 are of a trajectory that no longer exists');
  assert.equal(last?.value, 0.3);
  assert.deepEqual(milestones, [
    { milestone: 1, value: 0.1 },
    { milestone: 2, value: 0.3 },
  ]);
});

test('a milestone that falls between reports has the value of the first one past it', () => {
  const { milestones } = viewAfter([[0, points(point(0, 0.5, 3), point(1, 0.7, 9))]]);
  assert.deepEqual(milestones, [
    { milestone: 1, value: 0.5 },
    { milestone: 2, value: 0.5 },
    { milestone: 4, value: 0.7 },
  ]);
});

test('steps can be the unit of milestones', () => {
  const interest: FoldInterest = { ...INTEREST, resource: 'step', milestones: [20] };
  const lines = [[0, points(point(0, 0.1), point(1, 0.2))]] as const;
  assert.deepEqual(viewAfter(lines, 0, interest).milestones, [{ milestone: 20, value: 0.2 }]);
});

test('G6 complete means that every point is here: the last line alone does not do', () => {
  const all = [point(0, 0.1), point(1, 0.2)];
  const steps: [ReportLine, boolean][] = [
    [started(0), false],
    [finished(...all), false],
    [points(all[1] as Point), false],
    [points(all[0] as Point), true],
  ];
  const fold = emptyFold(INTEREST);
  for (const [line, wantComplete] of steps) {
    foldLine(fold, 0, line, 1);
    assert.equal(viewOf(fold, 0).complete, wantComplete, line.kind);
  }
  assert.equal(viewOf(fold, 1).complete, false, 'another attempt is another matter');
});

test('an attempt without points is complete by its last line alone', () => {
  assert.equal(viewAfter([[0, finished()]]).complete, true);
});

test('a wrong digest is never complete, but the end of the file is', () => {
  const fold = emptyFold(INTEREST);
  foldLine(fold, 0, points(point(0, 0.1)), 1);
  foldLine(fold, 0, finished(point(0, 0.2)), 1);
  assert.equal(viewOf(fold, 0).complete, false);
  assert.equal(foldEnd(fold, 0), true);
  assert.equal(viewOf(fold, 0).complete, true);
  assert.equal(foldEnd(fold, 0), false, 'that is no news any more');
});

test('a line is news if a planner could act upon it', () => {
  const fold = emptyFold(INTEREST);
  const news = (line: ReportLine) => foldLine(fold, 0, line, 1);
  assert.equal(news(started(0)), true, 'the first report');
  assert.equal(news(started(0)), false);
  assert.equal(news(points(point(0, undefined))), false, 'no objective');
  assert.equal(news(points(point(1, 0.5, 1))), true, 'a milestone');
  assert.equal(news(points(point(2, 0.4, 1))), false, 'neither better nor further');
  assert.equal(news(points(point(3, 0.6, 1))), true, 'better');
  assert.equal(news(points(point(3, 0.6, 1))), false, 'a duplicate');
});

test('the latest value of a metric is that of the highest attempt and seq', () => {
  const { latest } = viewAfter([
    [1, points(point(0, 0.2))],
    [0, points(point(9, 0.9))],
    [1, points({ ...point(1), values: { other: 7 } })],
  ]);
  assert.deepEqual(latest, { acc: 0.2, loss: 0, other: 7 });
});

test('of too many metric names the smallest stay, in any order of arrival', () => {
  const names = Array.from({ length: 400 }, (_, i) => `m${String(i).padStart(3, '0')}`);
  const lines = names.map((name, seq): [number, ReportLine] => [
    0,
    points({ ...point(seq), values: { [name]: seq } }),
  ]);
  const { latest } = viewAfter(lines);
  assert.equal(Object.keys(latest).length, 256);
  assert.deepEqual(Object.keys(viewAfter(lines.toReversed()).latest).sort(), names.slice(0, 256));
});

test('a metric called like a member of every object is a metric', () => {
  const lines = [[0, points({ ...point(0), values: { constructor: 1 } })]] as const;
  assert.equal(viewAfter(lines, 0, { ...INTEREST, metric: 'constructor' }).best?.value, 1);
  assert.equal(viewAfter(lines, 0, { ...INTEREST, metric: 'toString' }).best, undefined);
});

test('F14 a flood of a million points is counted whole and its best is found', () => {
  const fold = emptyFold(INTEREST);
  for (let seq = 0; seq < 1_000_000; seq += 10_000) {
    const batch = Array.from({ length: 10_000 }, (_, i) => ({
      seq: seq + i,
      step: seq + i,
      epoch: 0,
      values: { acc: seq + i },
      time: 0,
    }));
    foldLine(fold, 0, { kind: 'points', points: batch }, 1);
  }
  const view = viewOf(fold, 0);
  assert.equal(view.points, 1_000_000);
  assert.equal(view.best?.value, 999_999);
});

test('beyond 4,096 values a resumption inside a bucket may lose values of that bucket only', () => {
  const many = Array.from({ length: 20_000 }, (_, seq) => point(seq, seq, 1));
  const { best, last } = viewAfter([
    [0, points(...many.slice(0, 10_000))],
    [0, points(...many.slice(10_000))],
    [1, started(10_001)],
  ]);
  assert.ok(best !== undefined && best.value <= 10_000 && best.value > 10_000 - 16);
  assert.equal(last?.value, best.value);
});

test('more than 1,024 gaps cost exactness of the count, not memory', () => {
  const fold = emptyFold(INTEREST);
  for (let seq = 0; seq < 10_000; seq += 2) foldLine(fold, 0, points(point(seq, seq)), 1);
  assert.equal(viewOf(fold, 0).points, 5000);
  assert.equal(viewOf(fold, 0).best?.value, 9998);
  foldLine(fold, 0, points(point(1, 99_999)), 1);
  assert.equal(viewOf(fold, 0).points, 5000, 'the lowest gaps were closed');
});
