import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { LIMITS } from '@espalier/api';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { applyCrds, experimentBody, experimentsPath, makeNamespace } from './objects.ts';

type Spec = Record<string, unknown>;

const TWO = [
  { metric: 'acc', goal: 'maximize' },
  { metric: 'ms', goal: 'minimize' },
];
const SEVERAL = { objective: undefined, objectives: TWO };
const sum = (more: object) => ({ sum: [{ parameter: 'lr' }], ...more });

/** Specs that the API server itself refuses, with the words that a user reads. */
const refused: Record<string, { spec: Spec; want: RegExp }> = {
  'no objective at all': { spec: { objective: undefined }, want: /exactly one of objective and/ },
  'one objective and several': { spec: { objectives: TWO }, want: /exactly one of objective and/ },
  'several objectives that are one': {
    spec: { ...SEVERAL, objectives: TWO.slice(1) },
    want: /should have at least 2 items/,
  },
  'a metric twice': { spec: { ...SEVERAL, objectives: [TWO[0], TWO[0]] }, want: /each metric/ },
  'asha over several objectives': {
    spec: { ...SEVERAL, earlyStopping: { algorithm: 'asha' } },
    want: /threshold or patience/,
  },
  'a race over several objectives': {
    spec: { ...SEVERAL, replicates: { parameter: 'seed', values: [1, 2], racing: {} } },
    want: /replicates.racing/,
  },
  'a constraint without a bound': {
    spec: { constraints: [{ metric: 'mb' }] },
    want: /at least one/,
  },
  'bounds upside down': {
    spec: { constraints: [{ metric: 'mb', min: 2, max: 1 }] },
    want: /min must be at most max/,
  },
  'a limit on nothing': { spec: { parameterConstraints: [{ max: 1 }] }, want: /sum and product/ },
  'a limit that limits nothing': {
    spec: { parameterConstraints: [sum({})] },
    want: /at least one/,
  },
  'an enqueued value of two types': {
    spec: { enqueue: [{ parameters: [{ name: 'lr', float: 1, int: 1 }] }] },
    want: /exactly one of/,
  },
  'an enqueued configuration of nothing': {
    spec: { enqueue: [{ parameters: [] }] },
    want: /at least 1 items/,
  },
  'a warm start from one Experiment twice': {
    spec: { warmStart: { experiments: ['a', 'a'] } },
    want: /each Experiment/,
  },
};

/** As much of everything as the schema lets through. */
function largest(): Spec {
  const text = (letter: string, size: number) => letter.repeat(size);
  const name = (at: number) => `${text('p', 55)}${at}`;
  const metric = (at: number) => `${text('m', 55)}${at}`;
  const many = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));
  return {
    objective: undefined,
    objectives: many(LIMITS.objectives, (at) => ({ metric: metric(at), goal: 'maximize' })),
    constraints: many(LIMITS.constraints, (at) => ({ metric: metric(at), min: 0, max: 1 })),
    parameters: many(LIMITS.parameters, (at) => ({ name: name(at), float: { min: 0, max: 1 } })),
    parameterConstraints: many(LIMITS.parameterConstraints, () => ({
      sum: many(LIMITS.terms, (at) => ({ parameter: name(at), weight: 0.5 })),
      max: 100,
    })),
    enqueue: many(LIMITS.enqueued, () => ({
      parameters: many(LIMITS.parameters, (at) => ({ name: name(at), float: 0.25 })),
    })),
    warmStart: { experiments: many(LIMITS.warmStartExperiments, (at) => `${text('e', 38)}${at}`) },
  };
}

describe('objectives, constraints and beginnings on a real API server', {
  skip: whyNoTools(),
}, () => {
  const cluster = useCluster({ label: 'crd-goals', nodes: false });
  before(async () => {
    await applyCrds(cluster.plane);
    await makeNamespace(cluster.plane.client, 'c');
  });
  const submit = (name: string, spec: Spec = {}) =>
    cluster.plane.client.request('POST', `${experimentsPath('c')}?fieldValidation=Strict`, {
      body: experimentBody('c', name, spec),
    });
  const patch = (name: string, body: object, more = '') =>
    cluster.plane.client.request('PATCH', `${experimentsPath('c', name)}${more}`, {
      body,
      contentType: 'application/merge-patch+json',
    });

  for (const [name, { spec, want }] of Object.entries(refused)) {
    test(`U24 refused with a message: ${name}`, async (t) => {
      const { status, text } = await submit('bad', spec);
      const { message } = JSON.parse(text) as { message: string };
      assert.equal(status, 422, message);
      assert.match(message, want);
      t.diagnostic(message);
    });
  }

  test('G11 U24 the largest spec is taken, edited, and none of it changes', async (t) => {
    const spec = largest();
    const made = await submit('large', spec);
    assert.equal(made.status, 201, made.text.slice(0, 500));
    const edited = await patch('large', { spec: { trials: { max: 7 } } });
    assert.equal(edited.status, 200, edited.text.slice(0, 500));
    for (const field of ['constraints', 'parameterConstraints', 'enqueue', 'warmStart']) {
      const { status } = await patch('large', { spec: { [field]: null } });
      assert.equal(status, 422, `${field} was taken away`);
    }
    const { status } = await patch('large', { spec: { objectives: TWO } });
    assert.equal(status, 422);
    t.diagnostic(`${JSON.stringify(spec).length} bytes`);
  });

  test('U24 G15 what a warm start took can neither change nor go', async () => {
    assert.equal((await submit('warm', { warmStart: { experiments: ['other'] } })).status, 201);
    const entry = (value: number) => ({
      ...{ experiment: 'other', configuration: 1, values: [{ metric: 'acc', value }] },
      parameters: [{ name: 'lr', float: 0.1 }],
    });
    const write = (warmStart: object | null) =>
      patch('warm', { status: { phase: 'Running', warmStart } }, '/status');
    const first = await write({ configurations: [entry(1)] });
    assert.equal(first.status, 200, first.text.slice(0, 500));
    assert.equal((await write({ configurations: [entry(2)] })).status, 422);
    assert.equal((await write({ configurations: [] })).status, 422);
    assert.equal((await write(null)).status, 422);
    assert.equal((await write({ configurations: [entry(1)] })).status, 200);
  });
});
