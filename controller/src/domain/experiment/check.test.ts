import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, type SpecInput } from '../testing/builders.ts';
import { checkExperiment, problemOf, problemText } from './check.ts';

const lr = { name: 'lr', float: { min: 0.001, max: 0.1 } };
const flag = { name: 'flag', bool: { values: [true, false] } };
const when = (parameter: string, ...values: (string | number)[]) => ({ parameter, in: values });

const cases: Record<string, { spec: SpecInput; want: string[]; suggestion?: string }> = {
  'a plain spec': { spec: {}, want: [] },
  'an unknown algorithm': {
    spec: { search: { algorithm: 'sobel' } },
    want: ['spec.search.algorithm'],
    suggestion: 'sobol',
  },
  'an algorithm unlike any': {
    spec: { search: { algorithm: 'simulated-annealing' } },
    want: ['spec.search.algorithm'],
  },
  'a grid over a continuous range': {
    spec: { search: { algorithm: 'grid' } },
    want: ['spec.parameters[0]'],
  },
  'min above max': {
    spec: { parameters: [{ name: 'lr', float: { min: 2, max: 1 } }] },
    want: ['spec.parameters[0].float.min'],
  },
  'a log scale from 0': {
    spec: { parameters: [{ name: 'lr', float: { min: 0, max: 1, scale: 'log' } }] },
    want: ['spec.parameters[0].float.min'],
  },
  'a name that is declared twice': {
    spec: { parameters: [lr, lr] },
    want: ['spec.parameters[1].name'],
  },
  'a parent that is not there': {
    spec: { parameters: [flag, { ...lr, when: when('flags', 'true') }] },
    want: ['spec.parameters[1].when.parameter'],
  },
  'a condition on itself': {
    spec: { parameters: [{ ...flag, when: when('flag', 'true') }] },
    want: ['spec.parameters[0].when.parameter'],
  },
  'a cycle of three': {
    spec: {
      parameters: [
        { ...flag, name: 'a', when: when('c', 'true') },
        { ...flag, name: 'b', when: when('a', 'true') },
        { ...flag, name: 'c', when: when('b', 'true') },
      ],
    },
    want: [0, 1, 2].map((i) => `spec.parameters[${i}].when.parameter`),
  },
  'a value that the parent cannot take': {
    spec: { parameters: [flag, { ...lr, when: when('flag', 'maybe') }] },
    want: ['spec.parameters[1].when.in'],
  },
  'booleans and fractions as texts': {
    spec: {
      parameters: [
        flag,
        { name: 'rate', float: { values: [0.1, 0.2] } },
        { name: 'size', int: { values: [1, 2] } },
        { name: 'kind', string: { values: ['1', 'x'] } },
        { ...lr, name: 'a', when: when('flag', 'true') },
        { ...lr, name: 'b', when: when('rate', '0.1') },
        { ...lr, name: 'c', when: when('size', 2) },
        { ...lr, name: 'd', when: when('kind', 1) },
      ],
    },
    want: [],
  },
  'a parameter without a type': {
    spec: { parameters: [{ name: 'lr' }] },
    want: ['spec.parameters[0]'],
  },
  'a range without its end': {
    spec: { parameters: [{ name: 'lr', float: { min: 1 } }] },
    want: ['spec.parameters[0].float'],
  },
  'a replicated parameter that is listed as well': {
    spec: { replicates: { parameter: 'lr', values: [1, 2] } },
    want: ['spec.replicates.parameter'],
  },
  'a rule that never judges': {
    spec: { earlyStopping: { algorithm: 'asha', min: 4, max: 4 } },
    want: ['spec.earlyStopping.min'],
  },
};
for (const [name, { spec, want, suggestion }] of Object.entries(cases)) {
  test(`${name}: ${want.length === 0 ? 'nothing is wrong' : want.join(', ')}`, () => {
    const problems = checkExperiment(experiment(spec).spec);
    const paths = problems.map(({ path }) =>
      problemText([{ path, message: '' }]).replace(/: $/, ''),
    );
    assert.deepEqual(paths, want, problemText(problems));
    if (suggestion !== undefined) assert.equal(problems[0]?.suggestion, suggestion);
  });
}

test('what passes the check can be searched, what does not is refused', () => {
  assert.equal(problemOf(experiment().spec).algorithm, 'random');
  assert.throws(() => problemOf(experiment({ parameters: [{ name: 'lr' }] }).spec), RangeError);
});
