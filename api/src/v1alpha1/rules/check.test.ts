import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spec, withParameter } from '../../testing/specs.ts';
import type { ExperimentSpec } from '../experiment.ts';
import { checkExperiment } from './check.ts';

test('a sound spec breaks no rule', () => {
  assert.deepEqual(checkExperiment(spec()), []);
});

/** `want` = `rule at path`, below spec. */
const cases: Record<string, { spec: ExperimentSpec; want: string[] }> = {
  'a parameter without a type': {
    spec: withParameter({}),
    want: ['one-type at parameters.1'],
  },
  'a parameter with two types': {
    spec: withParameter({ int: { value: 1 }, bool: { value: true } }),
    want: ['one-type at parameters.1'],
  },
  'a number with a value and values': {
    spec: withParameter({ float: { value: 1, values: [1, 2] } }),
    want: ['one-form at parameters.1.float'],
  },
  'a number with values and a range': {
    spec: withParameter({ int: { values: [1, 2], min: 1, max: 2 } }),
    want: ['one-form at parameters.1.int'],
  },
  'an empty number': {
    spec: withParameter({ int: {} }),
    want: ['one-form at parameters.1.int'],
  },
  'an empty text': {
    spec: withParameter({ string: {} }),
    want: ['one-form-without-range at parameters.1.string'],
  },
  'a truth value with a value and values': {
    spec: withParameter({ bool: { value: true, values: [true] } }),
    want: ['one-form-without-range at parameters.1.bool'],
  },
  'a minimum alone': {
    spec: withParameter({ float: { min: 1 } }),
    want: ['both-bounds at parameters.1.float'],
  },
  'a maximum alone': {
    spec: withParameter({ int: { max: 1 } }),
    want: ['both-bounds at parameters.1.int'],
  },
  'min above max': {
    spec: withParameter({ float: { min: 2, max: 1 } }),
    want: ['min-below-max at parameters.1.float.min'],
  },
  'min equal to max': {
    spec: withParameter({ int: { min: 1, max: 1 } }),
    want: ['min-below-max at parameters.1.int.min'],
  },
  'a log scale from 0': {
    spec: withParameter({ float: { min: 0, max: 1, scale: 'log' } }),
    want: ['log-needs-positive-float at parameters.1.float.min'],
  },
  'a log scale from below 0': {
    spec: withParameter({ int: { min: -1, max: 1, scale: 'log' } }),
    want: ['log-needs-positive-int at parameters.1.int.min'],
  },
  'K4 a linear range below zero is sound': {
    spec: withParameter({ float: { min: -2, max: -1 } }),
    want: [],
  },
  'a scale without a range': {
    spec: withParameter({ float: { values: [1, 2], scale: 'log' } }),
    want: ['scale-needs-range at parameters.1.float.scale'],
  },
  'a step on a log scale': {
    spec: withParameter({ int: { min: 1, max: 9, step: 2, scale: 'log' } }),
    want: ['step-needs-linear-range at parameters.1.int.step'],
  },
  'a step without a range': {
    spec: withParameter({ int: { value: 1, step: 2 } }),
    want: ['step-needs-linear-range at parameters.1.int.step'],
  },
  'a number listed twice': {
    spec: withParameter({ int: { values: [1, 2, 1] } }),
    want: ['values-differ at parameters.1.int.values.2'],
  },
  'a truth value listed twice': {
    spec: withParameter({ bool: { values: [true, true] } }),
    want: ['values-differ at parameters.1.bool.values.1'],
  },
  'a text listed twice': {
    spec: withParameter({ string: { values: ['a', 'b', 'a', 'a'] } }),
    want: [
      'texts-differ at parameters.1.string.values.2',
      'texts-differ at parameters.1.string.values.3',
    ],
  },
  'a name used twice': {
    spec: spec({
      parameters: [
        { name: 'lr', float: { value: 1 } },
        { name: 'lr', float: { value: 2 } },
      ],
    }),
    want: ['names-differ at parameters.1.name'],
  },
  'when names the parameter itself': {
    spec: withParameter({ int: { value: 1 }, when: { parameter: 'x', in: [1] } }),
    want: ['when-names-another at parameters.1.when.parameter'],
  },
  'when names a missing parameter': {
    spec: withParameter({ int: { value: 1 }, when: { parameter: 'lrr', in: [1] } }),
    want: ['when-names-existing at parameters.1.when.parameter'],
  },
  'a replicated parameter that is also listed': {
    spec: spec({ replicates: { parameter: 'lr', values: [1, 2] } }),
    want: ['replicated-is-not-listed at replicates.parameter'],
  },
  'a replicate twice': {
    spec: spec({ replicates: { parameter: 'seed', values: [1, 2, 1] } }),
    want: ['replicate-values-differ at replicates.values.2'],
  },
  'early stopping of replicates': {
    spec: spec({
      replicates: { parameter: 'seed', values: [1, 2] },
      earlyStopping: { algorithm: 'median' },
    }),
    want: ['no-stopping-of-replicates at earlyStopping'],
  },
  'replicates may be stopped by their own curve': {
    spec: spec({
      replicates: { parameter: 'seed', values: [1, 2] },
      earlyStopping: { algorithm: 'patience', patience: 3 },
    }),
    want: [],
  },
  'a race with sound values': {
    spec: spec({
      replicates: {
        parameter: 'seed',
        values: [1, 2],
        racing: { eta: 3, confirm: { top: 2, values: [3, 4] } },
      },
    }),
    want: [],
  },
  'a race confirmed on values that it has seen, and twice': {
    spec: spec({
      replicates: { parameter: 'seed', values: [1, 2], racing: { confirm: { values: [2, 3, 3] } } },
    }),
    want: [
      'replicate-values-differ at replicates.racing.confirm.values.2',
      'confirm-values-are-held-back at replicates.racing.confirm.values',
    ],
  },
  'hyperband without an end': {
    spec: spec({ earlyStopping: { algorithm: 'hyperband' } }),
    want: ['hyperband-needs-max at earlyStopping'],
  },
  'patience without a number': {
    spec: spec({ earlyStopping: { algorithm: 'patience', minDelta: 0.1 } }),
    want: [
      'patience-needs-rungs at earlyStopping',
      'min-delta-needs-patience at earlyStopping.minDelta',
    ],
  },
  'patience with promotion': {
    spec: spec({ earlyStopping: { algorithm: 'asha-promotion', patience: 2 } }),
    want: ['patience-is-not-of-promotion at earlyStopping.patience'],
  },
  'patience with another rule is sound': {
    spec: spec({ earlyStopping: { algorithm: 'median', patience: 2, minDelta: 0 } }),
    want: [],
  },
  'more than 100,000 trials': {
    spec: spec({
      trials: { max: 50_001 },
      replicates: { parameter: 'seed', values: [1, 2] },
    }),
    want: ['trial-count at trials.max'],
  },
  'exactly 100,000 trials are sound': {
    spec: spec({
      trials: { max: 50_000 },
      replicates: { parameter: 'seed', values: [1, 2] },
    }),
    want: [],
  },
  'a resource that ends before it begins': {
    spec: spec({ earlyStopping: { algorithm: 'asha', min: 4, max: 3 } }),
    want: ['resource-bounds at earlyStopping.max'],
  },
  'a threshold without a bound': {
    spec: spec({ earlyStopping: { algorithm: 'threshold' } }),
    want: ['threshold-needs-bound at earlyStopping'],
  },
  'bounds of another rule': {
    spec: spec({ earlyStopping: { algorithm: 'asha', lower: 1, upper: 2 } }),
    want: [
      'bounds-are-of-threshold at earlyStopping.lower',
      'bounds-are-of-threshold at earlyStopping.upper',
    ],
  },
  'a threshold that nothing can pass': {
    spec: spec({ earlyStopping: { algorithm: 'threshold', lower: 2, upper: 2 } }),
    want: ['lower-below-upper at earlyStopping.lower'],
  },
  'two sources of data': {
    spec: spec({ data: { s3: { key: 'a' }, persistentVolumeClaim: { claimName: 'b' } } }),
    want: ['one-data-source at data'],
  },
  'no source of data': {
    spec: spec({ data: {} }),
    want: ['one-data-source at data'],
  },
  'a deadline of nothing': {
    spec: spec({ deadlines: { run: '0s' } }),
    want: ['duration-range at deadlines.run'],
  },
  'a deadline beyond every timer': {
    spec: spec({ deadlines: { experiment: '87601h' }, trainer: { gracePeriod: '0ms' } }),
    want: ['duration-range at deadlines.experiment', 'duration-range at trainer.gracePeriod'],
  },
};
for (const [name, tc] of Object.entries(cases)) {
  test(name, () => {
    const found = checkExperiment(tc.spec).map(
      ({ rule, path }) => `${rule} at ${path.slice(1).join('.')}`,
    );
    assert.deepEqual(found, tc.want);
  });
}
