import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { feed, reported } from '../testing/builders.ts';
import { observationOf } from './observation.ts';

const BEST = [{ metric: 'acc', goal: 'maximize', report: 'best' }] as const;
const LAST = [{ ...BEST[0], report: 'last' }] as const;
const NOTHING = { lastStep: 0, lastEpoch: 0, points: 0 };

test('report best counts the best, report last the latest', () => {
  const view = reported(0.9, { last: { value: 0.5, step: 30, epoch: 3 } });
  assert.equal(observationOf(BEST, view, undefined, undefined)?.value, 0.9);
  assert.equal(observationOf(LAST, view, undefined, undefined)?.value, 0.5);
  assert.equal(observationOf(LAST, view, undefined, undefined)?.step, 30);
});

test('K7 with report last a last value of NaN is no value', () => {
  const view = reported(0.9, { last: { value: Number.NaN, step: 30, epoch: 3 } });
  assert.equal(observationOf(LAST, view, undefined, undefined)?.value, undefined);
});

test('G7 a feed that lost everything does not take a recorded value away', () => {
  const recorded = { ...NOTHING, value: 0.7 };
  assert.equal(observationOf(BEST, feed(), recorded, undefined)?.value, 0.7);
  assert.equal(observationOf(BEST, undefined, recorded, undefined)?.value, 0.7);
});

const recorded = {
  value: 0.7,
  step: 5,
  epoch: 5,
  lastStep: 8,
  lastEpoch: 8,
  lastValue: 0.6,
  points: 9,
};
const partly = {
  'a gap': reported(0.5, { isWhole: false, points: 12 }),
  'fewer points than there were': reported(0.5, { points: 3 }),
};
for (const [name, view] of Object.entries(partly)) {
  test(`G7 a feed with ${name} makes nothing worse than the record`, () => {
    const seen = observationOf(BEST, view, recorded, undefined);
    assert.ok(seen !== undefined);
    const { value, step, lastStep, points } = seen;
    assert.deepEqual(
      { value, step, lastStep, points },
      { value: 0.7, step: 5, lastStep: 10, points: Math.max(view.points, 9) },
    );
    assert.equal(observationOf(LAST, view, recorded, undefined)?.value, 0.5, 'it is the later one');
    const behind = { ...view, lastStep: 2, last: { value: 0.1, step: 2, epoch: 2 } };
    assert.equal(observationOf(LAST, behind, recorded, undefined)?.value, 0.7);
    const better = { ...view, best: { value: 0.9, step: 10, epoch: 1 } };
    assert.equal(observationOf(BEST, better, recorded, undefined)?.value, 0.9);
  });
}

test('G7 a feed that has everything stands, though it is worse than the record', () => {
  for (const view of [reported(0.5, { points: 9 }), reported(0.5, { points: 3, complete: true })]) {
    assert.equal(observationOf(BEST, view, recorded, undefined)?.value, 0.5);
  }
});

const messages: Record<string, { message: string; want: number | undefined }> = {
  'a flat object': { message: '{"acc": 0.5}', want: 0.5 },
  'a point': { message: '{"seq":3,"step":9,"epoch":2,"values":{"acc":0.25}}', want: 0.25 },
  'another metric': { message: '{"loss": 0.5}', want: undefined },
  'a number as text': { message: '{"acc": "0.5"}', want: undefined },
  'NaN as text': { message: '{"values":{"acc":"NaN"}}', want: undefined },
  'an infinite number': { message: '{"acc": 1e999}', want: undefined },
  'no JSON': { message: 'Killed', want: undefined },
  'a list': { message: '[1]', want: undefined },
  null: { message: 'null', want: undefined },
  'more than 4 KiB': { message: `{"acc": 0.5${' '.repeat(5000)}}`, want: undefined },
};
for (const [name, { message, want }] of Object.entries(messages)) {
  test(`K11 a termination message with ${name} gives ${want}`, () => {
    assert.equal(observationOf(BEST, undefined, undefined, message)?.value, want);
  });
}

test('K12 a trainer that ended before anybody listened keeps its value', () => {
  const observation = observationOf(
    BEST,
    feed(),
    undefined,
    '{"step":9,"epoch":2,"values":{"acc":0.25}}',
  );
  assert.deepEqual(observation, {
    value: 0.25,
    step: 9,
    epoch: 2,
    lastStep: 9,
    lastEpoch: 2,
    lastValue: 0.25,
    points: 0,
  });
});

test('reports outrank the termination message', () => {
  assert.equal(observationOf(BEST, reported(0.9), undefined, '{"acc": 0.5}')?.value, 0.9);
});

test('no message makes it throw or gives a value that is not finite', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (message) => {
      const value = observationOf(BEST, undefined, undefined, message)?.value;
      assert.ok(value === undefined || Number.isFinite(value));
    }),
  );
});
