import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial, TrialSpec } from '@espalier/api';
import { suggest } from '@espalier/search';
import {
  experiment,
  rungs,
  running,
  type SpecInput,
  status,
  succeeded,
  trial,
} from '../testing/builders.ts';
import { recomputed } from '../testing/recomputed.ts';
import { SimulatedSweep } from '../testing/simulated-sweep.ts';
import { chanceOf } from '../testing/sweep-spec.ts';
import { problemOf } from './check.ts';
import { progressOf } from './progress.ts';
import { suggestedTrial, suggestionInput } from './suggestion.ts';
import { type VerifyOptions, verifying } from './verify.ts';
import type { Difference } from './verify-result.ts';

const RATE: SpecInput = { parameters: [{ name: 'lr', float: { min: 0, max: 1 } }] };
const TPE: SpecInput = { ...RATE, search: { algorithm: 'tpe' }, trials: { max: 30, parallel: 3 } };

function sweep(spec: SpecInput, seed = 1) {
  const made = new SimulatedSweep(experiment(spec), chanceOf(seed));
  return { experiment: made.experiment, trials: made.run() };
}

function verify(
  object: ReturnType<typeof experiment>,
  trials: readonly Trial[],
  options: VerifyOptions = { oneController: true },
) {
  return recomputed(object, trials, options);
}

const nameOf = (index: number) => `a-${String(index).padStart(5, '0')}`;
const texts = (differences: readonly Difference[]) =>
  differences.map(
    ({ trial: name, what, recorded, recomputed }) =>
      `${name} ${what}: recorded ${recorded}, recomputed ${recomputed}`,
  );

/** What is said of a TPE sweep of which one Trial's spec is changed. */
const changes: Record<string, { change: Partial<TrialSpec>; at: number; want: RegExp[] }> = {
  'another index than its name': {
    at: 4,
    change: { index: 5 },
    want: [/^a-00004 index: recorded 5, recomputed that of a-00005$/],
  },
  'another configuration than its index': {
    at: 4,
    change: { configuration: 3 },
    want: [/^a-00004 configuration and replicate: recorded 3, 0, recomputed 4, 0$/],
  },
  'another algorithm than that of the spec': {
    at: 4,
    change: { algorithm: 'random@1' },
    want: [/^a-00004 algorithm: recorded "random@1", recomputed "tpe@2"$/],
  },
  'a basis with its own number': {
    at: 4,
    change: { basis: '0-4' },
    want: [/^a-00004 basis: recorded "0-4", recomputed only numbers below 4$/],
  },
  'a basis that is none': {
    at: 4,
    change: { basis: '3,1' },
    want: [/^a-00004 basis: recorded "3,1", recomputed ascending ranges below 4/],
  },
  'a basis that we write in another way': {
    at: 4,
    change: { basis: '0,1,2' },
    want: [/^a-00004 basis: recorded "0,1,2", recomputed ascending ranges/],
  },
  'a basis that forgets what was known before': {
    at: 20,
    change: { basis: '' },
    want: [/^a-00020 basis: recorded "", recomputed with 0, which an earlier suggestion saw$/],
  },
  'a parameter too many': {
    at: 4,
    change: {
      parameters: [
        { name: 'lr', float: 0.5 },
        { name: 'x', bool: true },
      ],
    },
    want: [
      /^a-00004 parameter lr: recorded 0.5 \(float\), recomputed 0\.\d+ \(float\)$/,
      /^a-00004 parameter x: recorded true \(bool\), recomputed none$/,
    ],
  },
  'a parameter of another type': {
    at: 4,
    change: { parameters: [{ name: 'lr', int: 1 }] },
    want: [/^a-00004 parameter lr: recorded 1 \(int\), recomputed 0\.\d+ \(float\)$/],
  },
};
for (const [name, { change, at, want }] of Object.entries(changes)) {
  test(`a Trial with ${name} differs`, () => {
    const { experiment: object, trials } = sweep(TPE);
    const found = verify(object, withSpec(trials, at, change));
    const said = texts(found.differences.filter(({ trial: one }) => one === nameOf(at)));
    for (const pattern of want)
      assert.ok(
        said.some((text) => pattern.test(text)),
        said.join('\n'),
      );
    assert.ok(found.suggestions.different >= 1);
  });
}

test('a basis of a configuration that has not ended differs', () => {
  const { experiment: object, trials } = sweep(TPE);
  const changed = trials.map((one) => {
    return one.spec.index === 0 ? status({ phase: 'Running' })(one) : one;
  });
  const [first] = texts(verify(object, changed).differences);
  assert.match(first ?? '', /basis: recorded ".*", recomputed not with 0, which has no result$/);
});

test('what the search of this program did not make is not recomputable, and says why', () => {
  const { experiment: object, trials } = sweep(TPE);
  const parent = { trial: 'a-00001', uid: 'u', step: 40 };
  let changed = withSpec(trials, 2, { parent });
  changed = withSpec(changed, 3, { algorithm: 'enqueued@1' });
  changed = withSpec(changed, 4, { algorithm: 'tpe@99' });
  const { differences, unknowns, suggestions } = verify(object, changed);
  assert.deepEqual(differences, []);
  assert.deepEqual(
    unknowns.map(({ index, what, reason, message }) => [index, what, reason, message]),
    [
      [2, 'suggestion', 'OtherSource', 'made from a-00001 at step 40'],
      [3, 'suggestion', 'OtherSource', '"enqueued@1" is no algorithm of this program'],
      [4, 'suggestion', 'OtherVersion', 'recorded by tpe@99, and this program has tpe@2'],
    ],
  );
  assert.deepEqual(suggestions, { equal: trials.length - 3, different: 0, unknown: 3 });
});

test('a Trial deleted by hand leaves what it may have told unknown, and nothing else', () => {
  const { experiment: object, trials } = sweep(TPE);
  const rest = trials.filter(({ spec }) => spec.index !== 5);
  const { differences, unknowns, missing, suggestions } = verify(object, rest);
  assert.deepEqual(missing, [5]);
  assert.deepEqual(differences, []);
  // The first ten are drawn without a look at the results.
  assert.ok(suggestions.equal >= 9 && suggestions.unknown > 5);
  for (const { index, reason, message } of unknowns) {
    assert.ok(index > 5);
    assert.equal(reason, 'TrialsMissing');
    assert.match(message, /^Trials of configuration 5 were deleted by hand/);
  }
});

test('K3 a random search is recomputed whatever was deleted', () => {
  const { experiment: object, trials } = sweep({ ...RATE, trials: { max: 20, parallel: 3 } });
  const rest = trials.filter(({ spec }) => spec.index % 3 !== 0);
  const { suggestions, missing } = verify(object, rest);
  assert.deepEqual(suggestions, { equal: rest.length, different: 0, unknown: 0 });
  assert.ok(missing.length > 5);
});

test('the replicates that a fault made needless are not missing', () => {
  const spec: SpecInput = { ...TPE, replicates: { parameter: 'seed', values: [1, 2, 3] } };
  const { experiment: object, trials } = sweep(spec, 5);
  assert.ok(trials.length < 90);
  assert.deepEqual(verify(object, trials).missing, []);
});

test('G11 a result that a full basis left out counts as running, as it did for the search', () => {
  const { spec } = experiment({ ...TPE, trials: { max: 5000 } });
  // Every second one has ended: more single numbers than 8 KiB hold.
  const before = Array.from({ length: 4000 }, (_, index) => {
    const mods = index % 2 === 0 ? [succeeded(index / 4000)] : [running()];
    const made = trial(nameOf(index), ...mods);
    return { ...made, spec: { ...made.spec, algorithm: 'enqueued@1' } };
  });
  const problem = problemOf(spec);
  const { history, basis } = suggestionInput(problem, progressOf(spec, before), 4000);
  assert.ok(basis !== undefined && basis.length > 8180 && history.entries.length < 2000);
  assert.equal(history.entries.length + history.running.length, 4000);
  const suggestion = suggest(problem, history, 4000);
  assert.ok(suggestion.kind === 'suggested');
  const made = trial(nameOf(4000));
  const last = { ...made, spec: suggestedTrial(spec, 4000, 1, suggestion, basis) };
  const found = verify(experiment(TPE), [...before, last]);
  assert.deepEqual(found.suggestions, { equal: 1, different: 0, unknown: 4000 });
});

const ASHA: SpecInput = {
  ...RATE,
  earlyStopping: { algorithm: 'asha', min: 1, max: 8, eta: 2, minRungSize: 2 },
};
const entry = (index: number, ...list: Parameters<typeof rungs>): Trial =>
  trial(`a-0000${index}`, rungs(...list));
const rung = (
  step: number,
  value: number,
  order: number,
  verdict: 'continue' | 'stop' = 'continue',
) => ({ step, value, order, verdict });

const verdicts: Record<string, { trials: Trial[]; options?: VerifyOptions; want: string[] }> = {
  'the verdicts of the rule': {
    trials: [entry(0, rung(1, 0.5, 0)), entry(1, rung(1, 0.4, 1, 'stop'))],
    want: [],
  },
  'a trial let on that the rule stops': {
    trials: [entry(0, rung(1, 0.5, 0)), entry(1, rung(1, 0.4, 1))],
    want: ['a-00001 verdict at 1: recorded continue, recomputed stop'],
  },
  'an order that nobody took': {
    trials: [entry(0, rung(1, 0.5, 0)), entry(1, rung(1, 0.6, 2))],
    want: ['a-00001 order at 1: recorded 2, recomputed 1'],
  },
  'one order twice under one controller': {
    trials: [entry(0, rung(1, 0.5, 0)), entry(1, rung(1, 0.4, 0))],
    want: ['a-00001 order at 1: recorded 0, recomputed 1'],
  },
  'one order twice after a take-over: neither saw the other': {
    trials: [entry(0, rung(1, 0.5, 0)), entry(1, rung(1, 0.4, 0))],
    options: { oneController: false },
    want: [],
  },
  'a rung that the rule does not have': {
    trials: [entry(0, rung(3, 0.5, 0))],
    want: ['a-00000 verdict at 3: recorded continue, recomputed none: the rule has no rung at 3'],
  },
  'one rung twice': {
    trials: [entry(0, rung(1, 0.5, 0), rung(1, 0.5, 1))],
    want: ['a-00000 verdict at 1: recorded continue, recomputed none: judged before'],
  },
  'a verdict after a stop': {
    trials: [entry(0, rung(1, 0.5, 0)), entry(1, rung(1, 0.4, 1, 'stop'), rung(2, 0.9, 0))],
    want: ['a-00001 verdict at 2: recorded continue, recomputed none: stopped at 1'],
  },
};
for (const [name, { trials, options, want }] of Object.entries(verdicts)) {
  test(`of verdicts: ${name}`, () => {
    const found = verify(experiment(ASHA), trials, options);
    const said = found.differences.filter(({ what }) => !what.startsWith('parameter'));
    assert.deepEqual(texts(said), want);
  });
}

test('a Trial that says EarlyStopped without a verdict differs', () => {
  const stopped = trial('a-00000', status({ phase: 'Stopped', reason: 'EarlyStopped' }));
  const said = texts(verify(experiment(ASHA), [stopped]).differences);
  assert.ok(
    said.includes('a-00000 reason: recorded EarlyStopped, recomputed none: no verdict stops it'),
  );
});

test('two entries of one order are counted', () => {
  const trials = [0, 1, 2].map((index) => entry(index, rung(1, 0.5, 0)));
  const found = verify(experiment(ASHA), trials, { oneController: false });
  assert.equal(found.sharedOrders, 2);
});

test('a verdict that may have seen a deleted entry is unknown; one before it is not', () => {
  const trials = [
    entry(0, rung(1, 0.5, 0)),
    entry(1, rung(1, 0.6, 1)),
    entry(3, rung(1, 0.4, 3, 'stop')),
  ];
  const { verdicts: count, unknowns } = verify(experiment(ASHA), trials);
  assert.deepEqual(count, { equal: 2, different: 0, unknown: 1 });
  assert.deepEqual(
    unknowns.map(({ trial: name, what, reason }) => [name, what, reason]),
    [['a-00003', 'verdict at 1', 'TrialsMissing']],
  );
});

test('an Experiment whose spec this program cannot run is unknown as a whole', () => {
  const object = experiment({ search: { algorithm: 'newer' } });
  const { suggestions, verdicts: count, unknowns } = verify(object, [entry(0, rung(1, 0.5, 0))]);
  assert.deepEqual([suggestions.unknown, count.unknown], [1, 1]);
  assert.match(unknowns[0]?.message ?? '', /no algorithm is called "newer"/);
});

test('the work can be followed: a step per configuration', () => {
  const { experiment: object, trials } = sweep({ ...RATE, trials: { max: 5 } });
  const steps = [...verifying(object, trials, { oneController: true })];
  assert.deepEqual(steps.at(-1), { done: 5, total: 5 });
  assert.equal(steps.length, 5);
});

function withSpec(
  trials: readonly Trial[],
  index: number,
  change: Partial<TrialSpec>,
): readonly Trial[] {
  return trials.map((one) => {
    return one.spec.index === index ? { ...one, spec: { ...one.spec, ...change } } : one;
  });
}
