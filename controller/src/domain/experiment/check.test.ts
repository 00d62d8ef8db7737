import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, type SpecInput } from '../testing/builders.ts';
import { checkExperiment, problemOf, problemText } from './check.ts';

const lr = { name: 'lr', float: { min: 0.001, max: 0.1 } };
const flag = { name: 'flag', bool: { values: [true, false] } };
const batch = { name: 'batch', int: { values: [16, 32, 64] } };
const two = [
  { metric: 'acc', goal: 'maximize' as const, report: 'best' as const },
  { metric: 'ms', goal: 'minimize' as const, report: 'last' as const },
] as const;
const enqueued = (name: string, type: 'float' | 'int', value: number) => ({
  parameters: [{ name, [type]: value }],
});
const term = (parameter: string) => ({ parameter, weight: 1 });
const factor = (parameter: string) => ({ parameter, exponent: 1 });
const when = (parameter: string, ...values: (string | number)[]) => ({ parameter, in: values });

const cases: Record<string, { spec: SpecInput; want: string[]; suggestion?: string }> = {
  'a plain spec': { spec: {}, want: [] },
  'U24 several objectives, constraints, limits and a beginning': {
    spec: {
      ...{ objective: undefined, objectives: [...two], constraints: [{ metric: 'mb', max: 9 }] },
      parameters: [lr, batch],
      parameterConstraints: [{ product: [factor('batch'), factor('lr')], max: 3 }],
      search: { algorithm: 'tpe' },
      enqueue: [{ parameters: [{ name: 'batch', int: 32 }] }],
      warmStart: { experiments: ['earlier'] },
    },
    want: [],
  },
  'neither one objective nor several': {
    spec: { objective: undefined },
    want: ['spec.objective'],
  },
  'one objective and several': { spec: { objectives: [...two] }, want: ['spec.objective'] },
  'a metric twice': {
    spec: { objective: undefined, objectives: [two[0], two[0]] },
    want: ['spec.objectives[1].metric'],
  },
  'asha over several objectives': {
    spec: { objective: undefined, objectives: [...two], earlyStopping: { algorithm: 'asha' } },
    want: ['spec.earlyStopping'],
  },
  'several objectives by an algorithm for one': {
    spec: { objective: undefined, objectives: [...two], search: { algorithm: 'gp' } },
    want: ['spec.search.algorithm'],
  },
  'a population that is never judged before its end': {
    spec: { search: { algorithm: 'pbt', population: { interval: 8, max: 8 } } },
    want: ['spec.search.population.interval'],
  },
  'pbt over several objectives': {
    spec: {
      ...{ objective: undefined, objectives: [...two], constraints: [{ metric: 'mb', max: 1 }] },
      search: { algorithm: 'pbt' },
    },
    want: ['spec.objectives', 'spec.constraints'],
  },
  'a constraint without bounds': {
    spec: { constraints: [{ metric: 'mb' }] },
    want: ['spec.constraints[0]'],
  },
  'a limit on a parameter that is not there': {
    spec: { parameterConstraints: [{ sum: [term('lr'), term('mr')], max: 1 }] },
    want: ['spec.parameterConstraints[0].sum[1]'],
  },
  'limits that no configuration fulfils': {
    spec: { parameterConstraints: [{ sum: [{ parameter: 'lr', weight: 2 }], min: 0.3 }] },
    want: ['spec.parameterConstraints[0]'],
  },
  'limits that exclude each other': {
    spec: {
      parameters: [lr, { ...lr, name: 'decay' }],
      parameterConstraints: [
        { sum: [term('lr'), term('decay')], max: 0.05 },
        { sum: [term('lr')], min: 0.06 },
      ],
    },
    want: ['spec.parameterConstraints'],
  },
  'an enqueued value outside': {
    spec: { enqueue: [{ parameters: [{ name: 'lr', float: 0.01 }] }, enqueued('lr', 'float', 1)] },
    want: ['spec.enqueue[1].parameters[0]'],
  },
  'an enqueued value of another type': {
    spec: { parameters: [batch], enqueue: [enqueued('batch', 'float', 32)] },
    want: ['spec.enqueue[0].parameters[0]'],
  },
  'an enqueued name that is not there': {
    spec: { parameters: [batch], enqueue: [enqueued('batches', 'int', 32)] },
    want: ['spec.enqueue[0].parameters[0]'],
    suggestion: 'batch',
  },
  'an enqueued child without its parent': {
    spec: {
      parameters: [flag, { ...lr, when: when('flag', 'true') }],
      enqueue: [enqueued('lr', 'float', 0.01)],
    },
    want: ['spec.enqueue[0].parameters[0]'],
  },
  'an enqueued configuration against the limits': {
    spec: {
      parameterConstraints: [{ sum: [term('lr')], max: 0.05 }],
      enqueue: [enqueued('lr', 'float', 0.06)],
    },
    want: ['spec.enqueue[0]'],
  },
  'a warm start of a search that looks at no results': {
    spec: { warmStart: { experiments: ['earlier'] } },
    want: ['spec.warmStart'],
  },
  'a warm start that only tries the best again': {
    spec: { warmStart: { experiments: ['earlier'], enqueue: 2 } },
    want: [],
  },
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
