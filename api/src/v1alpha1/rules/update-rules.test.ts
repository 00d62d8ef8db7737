import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { spec, type WrittenSpec, withParameter } from '../../testing/specs.ts';
import { checkExperimentUpdate } from './check.ts';
import { isSameJson } from './same-json.ts';

const replicates = { parameter: 'seed', values: [1, 2] };
const two = [
  { name: 'a', int: { value: 1 } },
  { name: 'b', int: { value: 2 } },
];

const cases: Record<string, { before: WrittenSpec; after: WrittenSpec; want: string[] }> = {
  'nothing changes': { before: {}, after: {}, want: [] },
  'trials, attempts, deadlines and trainer may change': {
    before: {},
    after: {
      trials: { max: 9, parallel: 3 },
      attempts: { maxRetries: 0 },
      deadlines: { run: '1h' },
      trainer: { image: 'other' },
    },
    want: [],
  },
  'U18 pause and resume are allowed': {
    before: { desiredState: 'Pause' },
    after: { desiredState: 'Run' },
    want: [],
  },
  'Stop may become Cancel': {
    before: { desiredState: 'Stop' },
    after: { desiredState: 'Cancel' },
    want: [],
  },
  'Stop may not become Run': {
    before: { desiredState: 'Stop' },
    after: { desiredState: 'Run' },
    want: ['no-way-back at spec.desiredState'],
  },
  'Cancel may not become Stop': {
    before: { desiredState: 'Cancel' },
    after: { desiredState: 'Stop' },
    want: ['no-way-back at spec.desiredState'],
  },
  'the objective is fixed': {
    before: {},
    after: { objective: { metric: 'valid_acc', goal: 'minimize' } },
    want: ['field-is-fixed at spec.objective'],
  },
  'the search is fixed': {
    before: {},
    after: { search: { seed: 2 } },
    want: ['field-is-fixed at spec.search'],
  },
  'the order of the parameters is fixed': {
    before: { parameters: two },
    after: { parameters: two.toReversed() },
    want: ['parameters-are-fixed at spec.parameters'],
  },
  'replicates are fixed': {
    before: { replicates },
    after: { replicates: { ...replicates, values: [1] } },
    want: ['field-is-fixed at spec.replicates'],
  },
  'replicates do not come': {
    before: {},
    after: { replicates },
    want: ['replicates-stay at spec.replicates'],
  },
  'early stopping does not go': {
    before: { earlyStopping: { algorithm: 'asha' } },
    after: {},
    want: ['early-stopping-stays at spec.earlyStopping'],
  },
};
for (const [name, tc] of Object.entries(cases)) {
  test(`update: ${name}`, () => {
    const found = checkExperimentUpdate(spec(tc.before), spec(tc.after)).map(
      ({ rule, path }) => `${rule} at ${path.join('.')}`,
    );
    assert.deepEqual(found, tc.want);
  });
}

test('update: a new parameter is a change', () => {
  const [problem] = checkExperimentUpdate(spec(), withParameter({ int: { value: 1 } }));
  assert.equal(problem?.message, 'cannot be changed; make another Experiment');
});

test('JSON values are the same exactly if their canonical texts are', () => {
  const canonical = (value: unknown): string =>
    JSON.stringify(value, (_, inner) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    );
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)));
  fc.assert(
    fc.property(json, json, (a, b) => {
      assert.equal(isSameJson(a, b), canonical(a) === canonical(b));
      assert.ok(isSameJson(a, structuredClone(a)));
    }),
  );
  assert.ok(isSameJson({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(!isSameJson([], {}));
});
