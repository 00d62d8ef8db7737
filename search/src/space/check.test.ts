import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { spaces } from '../testing/arbitraries.ts';
import { checkSpace } from './check.ts';
import { compileSpace } from './compile.ts';
import type { Dimension } from './dimension.ts';
import { SpaceError } from './space-problem.ts';

const OPT: Dimension = {
  name: 'opt',
  kind: 'categorical',
  type: 'string',
  values: ['sgd', 'adam'],
};
const float = (changes: object): Dimension =>
  ({ name: 'lr', kind: 'float', min: 1, max: 2, scale: 'linear', ...changes }) as Dimension;
const int = (changes: object): Dimension => float({ kind: 'int', name: 'n', ...changes });
const list = (changes: object): Dimension =>
  ({ name: 'v', kind: 'ordinal', type: 'int', values: [1, 2], ...changes }) as Dimension;
const when = (parent: string, ...values: unknown[]) => ({ when: { parent, in: values } });

/** `want`: dimension, field and code of every problem. */
const cases: Record<string, { dimensions: readonly Dimension[]; want: readonly string[] }> = {
  'a sound space has no problem': { dimensions: [OPT, float({})], want: [] },
  'an empty space has no problem': { dimensions: [], want: [] },
  'duplicate names': { dimensions: [OPT, OPT, float({})], want: ['opt name name-duplicate'] },
  'an empty name': { dimensions: [float({ name: '' })], want: [' name name-invalid'] },
  'a name that an object would move': {
    dimensions: [float({ name: '1st' })],
    want: ['1st name name-invalid'],
  },
  'min above max': { dimensions: [float({ min: 3 })], want: ['lr min bounds-empty'] },
  'min equal to max': { dimensions: [float({ min: 2 })], want: ['lr min bounds-empty'] },
  'a log scale from 0': {
    dimensions: [float({ min: 0, scale: 'log' })],
    want: ['lr min log-needs-positive'],
  },
  'a log scale over negative numbers': {
    dimensions: [int({ min: -5, scale: 'log' })],
    want: ['n min log-needs-positive'],
  },
  'a step of 0': { dimensions: [float({ step: 0 })], want: ['lr step step-not-positive'] },
  'a negative step': { dimensions: [int({ step: -1 })], want: ['n step step-not-positive'] },
  'a step on a log scale': {
    dimensions: [float({ step: 0.5, scale: 'log' })],
    want: ['lr step step-with-log'],
  },
  'a step below the precision of the bounds': {
    dimensions: [float({ min: 1e15, max: 1e15 + 4, step: 1e-3 })],
    want: ['lr step step-too-fine'],
  },
  'bounds that are not finite': {
    dimensions: [float({ min: Number.NaN, max: Number.POSITIVE_INFINITY })],
    want: ['lr min not-finite', 'lr max not-finite'],
  },
  'a step that is not finite': {
    dimensions: [float({ step: Number.NaN })],
    want: ['lr step not-finite'],
  },
  'fractions for an int': {
    dimensions: [int({ min: 1.5, step: 0.5 })],
    want: ['n min not-an-integer', 'n step not-an-integer'],
  },
  'an int beyond 2^53-1': { dimensions: [int({ max: 2 ** 53 })], want: ['n max not-an-integer'] },
  'no values': { dimensions: [list({ values: [] })], want: ['v values values-empty'] },
  'duplicate values': {
    dimensions: [list({ values: [1, 2, 1] })],
    want: ['v values values-duplicate'],
  },
  '0 and -0 are duplicates': {
    dimensions: [list({ values: [0, -0] })],
    want: ['v values values-duplicate'],
  },
  'a value that is not finite': {
    dimensions: [list({ type: 'float', values: [Number.NaN] })],
    want: ['v values not-finite'],
  },
  'a number among strings': {
    dimensions: [list({ kind: 'categorical', type: 'string', values: ['a', 1] })],
    want: ['v values wrong-type'],
  },
  'a string as bool': {
    dimensions: [list({ kind: 'fixed', type: 'bool', value: 'true' })],
    want: ['v value wrong-type'],
  },
  'a fixed fraction as int': {
    dimensions: [list({ kind: 'fixed', type: 'int', value: 0.5 })],
    want: ['v value not-an-integer'],
  },
  'when names a missing parameter': {
    dimensions: [float(when('gone', 1))],
    want: ['lr when.parent when-missing'],
  },
  'when names itself': { dimensions: [float(when('lr', 1))], want: ['lr when.parent when-self'] },
  'when lists nothing': { dimensions: [OPT, float(when('opt'))], want: ['lr when.in when-empty'] },
  'when lists values that the parent cannot take': {
    dimensions: [OPT, float(when('opt', 'sgd', 'rmsprop', 1))],
    want: ['lr when.in when-impossible', 'lr when.in when-impossible'],
  },
  'when lists a value off the steps': {
    dimensions: [int({ min: 0, max: 10, step: 5 }), float(when('n', 5, 7))],
    want: ['lr when.in when-impossible'],
  },
  'when depends on a continuous range': {
    dimensions: [float({}), int(when('lr', 1))],
    want: ['n when.parent when-continuous'],
  },
  'a parent with a problem of its own is reported once': {
    dimensions: [list({ values: [] }), float(when('v', 1))],
    want: ['v values values-empty'],
  },
  'a cycle is reported at its members, not at what hangs below': {
    dimensions: [
      list({ name: 'a', ...when('c', 1) }),
      list({ name: 'b', ...when('a', 1) }),
      list({ name: 'c', ...when('b', 1) }),
      list({ name: 'd', ...when('a', 1) }),
    ],
    want: ['a when.parent when-cycle', 'b when.parent when-cycle', 'c when.parent when-cycle'],
  },
  'every problem is listed': {
    dimensions: [float({ min: 0, max: -1, scale: 'log', step: 0 }), list({ values: [1.5, 1.5] })],
    want: [
      'lr min bounds-empty',
      'lr min log-needs-positive',
      'lr step step-not-positive',
      'v values not-an-integer',
      'v values not-an-integer',
      'v values values-duplicate',
    ],
  },
};
for (const [name, { dimensions, want }] of Object.entries(cases)) {
  test(`checkSpace: ${name}`, () => {
    const problems = checkSpace(dimensions);
    assert.deepEqual(
      problems.map(({ dimension, field, code }) => `${dimension} ${field} ${code}`),
      want,
    );
    for (const problem of problems) {
      assert.equal(dimensions[problem.index]?.name, problem.dimension);
      assert.ok(problem.message.includes(problem.dimension), problem.message);
    }
    if (want.length === 0) compileSpace(dimensions);
    else assert.throws(() => compileSpace(dimensions), SpaceError);
  });
}

test('a cycle names the way round', () => {
  const [problem] = checkSpace([
    list({ name: 'a', ...when('b', 1) }),
    list({ name: 'b', ...when('a', 1) }),
  ]);
  assert.equal(problem?.message, '"a" depends on itself through "b"');
});

test('SpaceError carries the first problem and all of them', () => {
  assert.throws(
    () => compileSpace([OPT, float({ min: 3 }), int({ step: 0 })]),
    (error) => {
      assert.ok(error instanceof SpaceError);
      assert.equal(error.code, 'bounds-empty');
      assert.equal(error.dimension, 'lr');
      assert.equal(error.message, '"lr": min must be below max, got 3 and 2');
      assert.equal(error.problems.length, 2);
      return true;
    },
  );
});

test('generated spaces have no problem', () => {
  fc.assert(
    fc.property(spaces('any'), (dimensions) => assert.deepEqual(checkSpace(dimensions), [])),
    { numRuns: 300 },
  );
});
