import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { applyCrds, experimentBody, experimentsPath, makeNamespace } from './objects.ts';

type Spec = Record<string, unknown>;

const int = (name: string, more: object = { value: 1 }): object => ({ name, int: more });

/** Specs that the API server itself refuses, with the words that a user reads. */
const refused: Record<string, { spec?: Spec; name?: string; want: RegExp }> = {
  'F23 a name that leaves no room for the pods': { name: 'a'.repeat(41), want: /40/ },
  'a name that cannot be a label': { name: 'a.b', want: /metadata.name|lower-case|label/ },
  'a field that does not exist': {
    spec: { trails: { max: 3 } },
    want: /unknown field "spec.trails"/,
  },
  'two types for one parameter': {
    spec: { parameters: [{ name: 'x', int: { value: 1 }, float: { value: 1 } }] },
    want: /exactly one of/,
  },
  'a range without an end': {
    spec: { parameters: [int('x', { min: 1 })] },
    want: /spec.parameters\[0\].int/,
  },
  'a range upside down': {
    spec: { parameters: [int('x', { min: 3, max: 1 })] },
    want: /min/,
  },
  'a log scale from zero': {
    spec: { parameters: [{ name: 'x', float: { min: 0, max: 1, scale: 'log' } }] },
    want: /log/,
  },
  'a condition on a parameter that does not exist': {
    spec: { parameters: [{ ...int('x'), when: { parameter: 'y', in: [1] } }] },
    want: /when/,
  },
  'the same parameter twice': {
    spec: { parameters: [int('x'), int('x')] },
    want: /Duplicate value/,
  },
  'early stopping of replicates': {
    spec: {
      replicates: { parameter: 'seed', values: [1, 2] },
      earlyStopping: { algorithm: 'asha', max: 8 },
    },
    want: /replicates/,
  },
  'a confirmation on values that the race has seen': {
    spec: {
      replicates: { parameter: 'seed', values: [1, 2], racing: { confirm: { values: [3, 2] } } },
    },
    want: /racing.confirm.values/,
  },
  'hyperband without a maximum': {
    spec: { earlyStopping: { algorithm: 'hyperband' } },
    want: /hyperband needs max/,
  },
  'patience without a number': {
    spec: { earlyStopping: { algorithm: 'patience' } },
    want: /patience/,
  },
  'a number of trials that no index can hold': {
    spec: { trials: { max: 100_001 } },
    want: /spec.trials.max/,
  },
  'data from two places': {
    spec: { data: { s3: { key: 'a' }, persistentVolumeClaim: { claimName: 'b' } } },
    want: /exactly one of/,
  },
  'a path that climbs out of its folder': {
    spec: { data: { s3: { key: '../other/data' } } },
    want: /spec.data.s3.key/,
  },
};

describe('the CRDs on a real API server', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'crd', nodes: false });
  before(async () => {
    await applyCrds(cluster.plane);
    await makeNamespace(cluster.plane.client, 'c');
  });

  const submit = (name: string, spec: Spec = {}) =>
    cluster.plane.client.request('POST', `${experimentsPath('c')}?fieldValidation=Strict`, {
      body: experimentBody('c', name, spec),
    });

  for (const [name, { spec, name: objectName = 'bad', want }] of Object.entries(refused)) {
    test(`U25 refused with a message: ${name}`, async (context) => {
      const { status, text } = await submit(objectName, spec);
      const { message } = JSON.parse(text) as { message: string };
      assert.ok(status === 422 || status === 400, `${status} ${message}`);
      assert.match(message, want);
      context.diagnostic(message);
    });
  }

  test('what is fixed stays fixed, and what may change changes', async () => {
    const { client } = cluster.plane;
    assert.equal((await submit('fixed')).status, 201);
    const patch = (spec: object) =>
      client.request('PATCH', experimentsPath('c', 'fixed'), {
        body: { spec },
        contentType: 'application/merge-patch+json',
      });
    assert.equal((await patch({ trials: { max: 7, parallel: 3 } })).status, 200);
    assert.equal((await patch({ desiredState: 'Stop' })).status, 200);
    for (const spec of [
      { desiredState: 'Run' },
      { search: { seed: 9 } },
      { objective: { metric: 'loss' } },
      { parameters: [{ name: 'other', int: { value: 1 } }] },
    ]) {
      assert.equal((await patch(spec)).status, 422, JSON.stringify(spec));
    }
  });

  test('kubectl explains every level, scales and knows the short name', async () => {
    const { plane } = cluster;
    await submit('shown');
    assert.match(await plane.kubectl(['explain', 'experiment.spec.trials']), /parallel/);
    await plane.kubectl(['scale', '-n', 'c', 'experiment/shown', '--replicas=5']);
    const found = await plane.client.get(experimentsPath('c', 'shown'));
    assert.equal(
      (found as unknown as { spec: { trials: object } }).spec.trials['parallel' as never],
      5,
    );
    const table = await plane.kubectl(['get', 'exp', '-n', 'c']);
    assert.match(table.split('\n')[0] ?? '', /NAME +PHASE +PROGRESS/);
  });
});
