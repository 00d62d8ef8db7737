import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExperimentSpec, mainObjective, type TrialStatus } from '@espalier/api';
import type { RungEntry } from '@espalier/search';
import { stopRuleOf } from '../experiment/stop-rule.ts';
import { experiment, feed, type SpecInput } from '../testing/builders.ts';
import type { FeedView } from './feed-view.ts';
import { NEW_STATUS } from './ledger.ts';
import { encodeRungValue, judge as judgeBy, rungEntry, rungValue } from './rungs.ts';

const ASHA: SpecInput = {
  earlyStopping: { algorithm: 'asha', min: 1, max: 16, eta: 2, minRungSize: 2 },
};
function judge(
  spec: ExperimentSpec,
  status: TrialStatus,
  view: FeedView,
  among: ReadonlyMap<number, readonly RungEntry[]>,
) {
  const rule = stopRuleOf(spec, 0);
  return judgeBy(rule, mainObjective(spec).goal, status, view, among);
}
const entries = (...values: number[]): Map<number, RungEntry[]> =>
  new Map([[1, values.map((value, order) => ({ order, value }))]]);
const at = (...milestones: [number, number][]) =>
  feed({ milestones: milestones.map(([milestone, value]) => ({ milestone, value })) });

test('the first at a rung goes on with order 0', () => {
  assert.deepEqual(judge(experiment(ASHA).spec, NEW_STATUS, at([1, 0.1]), new Map()), [
    { step: 1, value: 0.1, order: 0, verdict: 'continue' },
  ]);
});

test('the order is one above the highest recorded, also where orders repeat or are missing', () => {
  const others = new Map([
    [
      1,
      [
        { order: 4, value: 0 },
        { order: 4, value: 0.1 },
      ],
    ],
  ]);
  const [rung] = judge(experiment(ASHA).spec, NEW_STATUS, at([1, 0.5]), others);
  assert.equal(rung?.order, 5);
});

test('a worse one is stopped, and judged at no later rung', () => {
  const rungs = judge(
    experiment(ASHA).spec,
    NEW_STATUS,
    at([1, 0.1], [2, 0.9]),
    entries(0.5, 0.6, 0.7),
  );
  assert.deepEqual(
    rungs.map(({ step, verdict }) => [step, verdict]),
    [[1, 'stop']],
  );
});

test('several milestones that arrive at once are judged in their order', () => {
  const rungs = judge(
    experiment(ASHA).spec,
    NEW_STATUS,
    at([1, 0.5], [2, 0.6], [4, 0.7]),
    new Map(),
  );
  assert.deepEqual(
    rungs.map(({ step, order }) => [step, order]),
    [
      [1, 0],
      [2, 0],
      [4, 0],
    ],
  );
});

test('K7 a value that is not finite stops and is recorded as it is', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const [rung] = judge(experiment(ASHA).spec, NEW_STATUS, at([1, value]), new Map());
    assert.equal(rung?.verdict, 'stop');
    assert.ok(Object.is(rungValue({ value: encodeRungValue(value) }), value));
    assert.ok(rung !== undefined && Object.is(rungEntry(rung).value, value));
  }
});

test('a rung that is recorded is not judged again, and a stopped trial not at all', () => {
  const { spec } = experiment(ASHA);
  const rung = { step: 1, value: 0.5, order: 0, verdict: 'continue' } as const;
  const known = { ...NEW_STATUS, rungs: [rung] };
  assert.deepEqual(judge(spec, known, at([1, 0.9]), new Map()), []);
  const stopped = { ...NEW_STATUS, rungs: [{ ...rung, verdict: 'stop' } as const] };
  assert.deepEqual(judge(spec, stopped, at([1, 0.9], [2, 0.9]), new Map()), []);
});

test('without early stopping nothing is judged', () => {
  assert.deepEqual(judge(experiment().spec, NEW_STATUS, at([1, 0.9]), new Map()), []);
});

test("the median rule sees the best of the trial's own rungs", () => {
  const spec = experiment({ earlyStopping: { algorithm: 'median', min: 1, interval: 1 } }).spec;
  const known = {
    ...NEW_STATUS,
    rungs: [{ step: 1, value: 0.9, order: 0, verdict: 'continue' } as const],
  };
  const others = new Map([
    [2, [0.3, 0.4, 0.5, 0.6, 0.7].map((value, order) => ({ order, value }))],
  ]);
  const verdict = (status: typeof NEW_STATUS) =>
    judge(spec, status, at([2, 0.1]), others)[0]?.verdict;
  assert.equal(verdict(known), 'continue', 'it was at 0.9 before');
  assert.equal(verdict(NEW_STATUS), 'stop');
});

test('U23 a trial that is not among the best waits, and is judged again only after its promotion', () => {
  const { spec } = experiment({
    earlyStopping: { algorithm: 'asha-promotion', min: 1, max: 16, eta: 2 },
  });
  const [paused, ...none] = judge(spec, NEW_STATUS, at([1, 0.5], [2, 0.6]), new Map());
  assert.deepEqual([paused, none], [{ step: 1, value: 0.5, order: 0, verdict: 'pause' }, []]);
  assert.ok(paused);
  const waiting = { ...NEW_STATUS, rungs: [paused] };
  assert.deepEqual(judge(spec, waiting, at([1, 0.5], [2, 0.6]), new Map()), []);
  const promoted = { ...NEW_STATUS, rungs: [{ ...paused, promoted: 2 }] };
  const later = judge(spec, promoted, at([1, 0.5], [2, 0.6]), new Map());
  assert.deepEqual(
    later.map(({ step, verdict }) => [step, verdict]),
    [[2, 'pause']],
  );
});

test('with patience a trial that still gets better is not stopped', () => {
  const { spec } = experiment({
    earlyStopping: { algorithm: 'median', min: 1, interval: 1, patience: 2 },
  });
  const others = new Map(
    [1, 2, 3, 4].map((step) => [
      step,
      [0.5, 0.6, 0.7, 0.8, 0.9].map((value, order) => ({ order, value })),
    ]),
  );
  const kinds = (values: readonly number[]) => {
    const seen = values.map((value, i): [number, number] => [i + 1, value]);
    return judge(spec, NEW_STATUS, at(...seen), others).map(({ verdict }) => verdict);
  };
  assert.deepEqual(kinds([0.1, 0.2, 0.3]), ['continue', 'continue', 'continue']);
  assert.deepEqual(kinds([0.2, 0.1, 0.1]), ['continue', 'continue', 'stop']);
});
