import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSpace, type Dimension, type StopRule } from '@espalier/search';
import { endedTrial, experiment } from '../testing/objects.ts';
import { buildPlan, type Speed } from './plan.ts';
import { measureSpeed } from './speed.ts';

const LR: Dimension = { name: 'lr', kind: 'float', min: 1e-5, max: 1e-2, scale: 'log' };
const BATCH: Dimension = { name: 'batchSize', kind: 'ordinal', type: 'int', values: [32, 64, 128] };
const SCHEDULE: Dimension = {
  name: 'schedule',
  kind: 'categorical',
  type: 'string',
  values: ['constant', 'cosine'],
};
const FIXED: Dimension = { name: 'epochs', kind: 'fixed', type: 'int', value: 8 };
const NONE: StopRule = { kind: 'none' };
const ASHA: StopRule = { kind: 'asha', min: 1, max: 8, eta: 4, minRungSize: 4 };
const EPOCH: Speed = { kind: 'epoch', seconds: 10, basis: 'as given' };

function planOf(
  spec: Readonly<Record<string, unknown>>,
  dimensions: readonly Dimension[],
  rule: StopRule = NONE,
  speed?: Speed,
) {
  return buildPlan(experiment({ spec }), compileSpace(dimensions), rule, speed);
}

const warnings: Record<
  string,
  { spec: Record<string, unknown>; dimensions: Dimension[]; rule?: StopRule; want: string[] }
> = {
  'a sweep that makes sense has none': {
    spec: { trials: { max: 12, parallel: 2 } },
    dimensions: [LR, SCHEDULE],
    want: [],
  },
  'a grid that is larger than trials.max': {
    spec: { search: { algorithm: 'grid' }, trials: { max: 1 } },
    dimensions: [BATCH, SCHEDULE],
    want: ['the grid has 6 cells but trials.max is 1'],
  },
  'a grid that is smaller': {
    spec: { search: { algorithm: 'grid' }, trials: { max: 30, parallel: 2 } },
    dimensions: [BATCH, SCHEDULE],
    want: ['the grid has only 6 cells: it ends before trials.max (30)'],
  },
  'nothing to search': {
    spec: { trials: { max: 3 } },
    dimensions: [FIXED],
    want: ['nothing is searched: all 3 trials would be alike'],
  },
  'a space smaller than trials.max': {
    spec: { trials: { max: 30 } },
    dimensions: [BATCH],
    want: ['the space has only 3 configurations: some of the 30 trials repeat others'],
  },
  'one trial of a search': {
    spec: { trials: { max: 1 } },
    dimensions: [LR],
    want: ['trials.max is 1: one configuration is tried, none is compared'],
  },
  'more slots than trials': {
    spec: { trials: { max: 2, parallel: 8 } },
    dimensions: [LR],
    want: ['trials.parallel is 8 but there are 2 trials'],
  },
  'early stopping that never acts': {
    spec: { trials: { max: 3 } },
    dimensions: [LR],
    rule: ASHA,
    want: ['early stopping never acts: minRungSize is 4, with 3 trials'],
  },
  'a population that does not train at once': {
    spec: {
      search: { algorithm: 'pbt', population: { size: 4, resource: 'epoch', interval: 1, max: 8 } },
      trials: { max: 12, parallel: 2 },
    },
    dimensions: [LR],
    want: [
      "only 2 of the population's 4 members train at once: those that come later do not learn from those that have ended",
    ],
  },
};
for (const [name, { spec, dimensions, rule, want }] of Object.entries(warnings)) {
  test(`warnings: ${name}`, () => assert.deepEqual(planOf(spec, dimensions, rule).warnings, want));
}

test('a grid ends when it is exhausted; replicates multiply', () => {
  const grid = planOf({ search: { algorithm: 'grid' }, trials: { max: 30 } }, [BATCH, SCHEDULE]);
  assert.deepEqual([grid.configurations, grid.trials, grid.cells], [6, 6, 6]);
  const replicates = { parameter: 'seed', values: [1, 2, 3] };
  const three = planOf({ replicates, trials: { max: 4, parallel: 2 } }, [LR]);
  assert.deepEqual([three.configurations, three.replicates, three.trials], [4, 3, 12]);
  assert.equal(three.cells, undefined);
});

test('time is trials x epochs / slots, less what early stopping saves', () => {
  const all = planOf({ trials: { max: 12, parallel: 2 } }, [LR], NONE, EPOCH);
  assert.deepEqual(all.estimate, { atMostSeconds: 480, likelySeconds: 480, basis: 'as given' });
  const spec = {
    trials: { max: 12, parallel: 2 },
    earlyStopping: { algorithm: 'asha', min: 1, max: 8, eta: 4 },
  };
  const asha = planOf(spec, [LR], ASHA, EPOCH);
  assert.deepEqual(asha.rungs, [1, 4]);
  // 1 epoch by all, 3 more by a quarter, 4 more by a sixteenth: 2 of 8.
  assert.deepEqual(asha.estimate, { atMostSeconds: 480, likelySeconds: 120, basis: 'as given' });
});

test('GPU-hours are those of all trials together, however many run at once', () => {
  const trainer = { image: 'i', resources: { gpu: 2 } };
  const spec = {
    trainer,
    trials: { max: 12, parallel: 4 },
    earlyStopping: { algorithm: 'asha', min: 1, max: 8, eta: 4 },
  };
  const asha = planOf(spec, [LR], ASHA, { kind: 'epoch', seconds: 900, basis: 'as given' });
  // 12 trials x 8 epochs x a quarter of an hour x 2 GPUs, and 2 of 8 epochs are trained.
  assert.deepEqual(asha.estimate?.gpuHours, { likely: 12, atMost: 48 });
  const whole = planOf({ ...spec, earlyStopping: undefined }, [LR], NONE, {
    ...{ kind: 'trial', seconds: 3600, basis: 'from 1 trial' },
  });
  assert.deepEqual(whole.estimate?.gpuHours, { likely: 24, atMost: 24 });
  assert.equal(planOf({ trials: { max: 2 } }, [LR], NONE, EPOCH).estimate?.gpuHours, undefined);
});

test('where a quota lets less run at once than asked for, it takes longer', () => {
  const { space, rule } = { space: compileSpace([LR]), rule: NONE };
  const object = experiment({ spec: { trials: { max: 12, parallel: 4 } } });
  const seconds = (allowed?: number) =>
    buildPlan(object, space, rule, EPOCH, allowed).estimate?.atMostSeconds;
  assert.deepEqual([seconds(), seconds(9), seconds(2)], [240, 240, 480]);
  assert.equal(seconds(0), undefined, 'nothing can ever run');
});

test('speed comes from trials of the same name, else of the same metric', () => {
  const digits = {
    experiment: experiment(),
    trials: [0, 1].map((n) => endedTrial(n, 0.9, { seconds: 16 }).trial),
  };
  const other = {
    experiment: experiment({ name: 'other' }),
    trials: [endedTrial(0, 0.9, { seconds: 80 }).trial],
  };
  assert.deepEqual(measureSpeed(experiment(), [other, digits]), {
    kind: 'epoch',
    seconds: 2,
    basis: '2s per epoch, from 2 trials of digits',
  });
  assert.deepEqual(measureSpeed(experiment(), [other])?.seconds, 10);
  const failed = endedTrial(0, undefined, { status: { phase: 'Failed' } }).trial;
  assert.equal(measureSpeed(experiment(), [{ ...digits, trials: [failed] }]), undefined);
});
