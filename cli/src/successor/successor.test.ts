import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Experiment, experimentSpecSchema, readManifests } from '@espalier/api';
import { checkExperiment } from '@espalier/controller/local';
import { useApiServer } from '../testing/api-server.ts';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment, trialView } from '../testing/objects.ts';
import { retryOf, successorName } from './successor.ts';
import { withoutDefaults } from './without-defaults.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-successor-'));
});
after(() => rmSync(dir, { recursive: true }));

const failed = (index: number, reason = 'ProgramError') =>
  endedTrial(index, undefined, { status: { phase: 'Failed', reason } });

function engine(spec: Readonly<Record<string, unknown>> = {}): FakeEngine {
  return new FakeEngine().add(experiment({ spec, status: { phase: 'Failed' } }), [
    endedTrial(0, 0.9),
    failed(1),
    failed(2, 'OOMKilled'),
  ]);
}

/** The Experiment that a printed manifest is, once the real engine has nothing against it. */
function readBack(yaml: string): Experiment {
  const { experiments, problems } = readManifests(yaml, 'x');
  assert.deepEqual(problems, []);
  const [found] = experiments;
  assert.ok(found !== undefined);
  assert.deepEqual(checkExperiment(found.spec), []);
  return found;
}

const print = (verb: string, from: FakeEngine, ...words: string[]) =>
  espalier([verb, 'digits', '--print', '--dir', dir, ...words], from);

test('retry tries the configurations that failed, with the values that were searched', async () => {
  const ran = await print('retry', engine({ search: { algorithm: 'tpe', seed: 4 } }));
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stdout, /^# made by: espalier retry digits --dir /);
  const { metadata, spec } = readBack(ran.stdout);
  assert.equal(metadata.name, 'digits-retry');
  assert.deepEqual(spec.enqueue, [
    {
      parameters: [
        { name: 'lr', float: 0.002 },
        { name: 'schedule', string: 'constant' },
      ],
    },
    {
      parameters: [
        { name: 'lr', float: 0.003 },
        { name: 'schedule', string: 'cosine' },
      ],
    },
  ]);
  assert.equal(spec.trials.max, 2);
  assert.equal(spec.search.algorithm, 'random');
  assert.doesNotMatch(ran.stdout, /deadlines|desiredState|artifacts/, 'no defaults');
});

test('retry takes those that are meant, and refuses if there are none', async () => {
  const some = await print('retry', engine(), '--state', 'OOMKilled', '--name', 'again');
  const { metadata, spec } = readBack(some.stdout);
  assert.equal(metadata.name, 'again');
  assert.deepEqual(spec.enqueue?.length, 1);
  const none = await print('retry', engine(), '--where', 'lr>1');
  assert.equal(none.exitCode, 3);
  assert.match(none.stderr, /no trial of digits is Failed/);
});

test('a configuration is tried once, whichever of its replicates failed, and on all of them', () => {
  const before = experiment({
    spec: {
      parameters: [{ name: 'lr', float: { min: 1e-5, max: 1e-2 } }],
      replicates: { parameter: 'seed', values: [1, 2, 3], racing: { algorithm: 'asha' } },
    },
  });
  const parameters = [
    { name: 'lr', float: 0.002 },
    { name: 'seed', int: 1 },
  ];
  const of = (index: number, configuration: number) => {
    const { trial } = trialView(index, { parameters });
    return { ...trial, spec: { ...trial.spec, configuration } };
  };
  const { manifest } = retryOf(before, [of(3, 1), of(4, 1), of(0, 0)], 'x');
  const { enqueue, trials, replicates } = experimentSpecSchema.parse(manifest.spec);
  const lr = { parameters: [{ name: 'lr', float: 0.002 }] };
  assert.deepEqual(enqueue, [lr, lr]);
  assert.equal(trials.max, 2);
  assert.deepEqual(replicates, { parameter: 'seed', values: [1, 2, 3] });
});

test('more configurations than may be enqueued are left, and counted', () => {
  const trials = Array.from({ length: 40 }, (_, index) => trialView(index).trial);
  const { manifest, left } = retryOf(experiment(), trials, 'x');
  assert.equal(experimentSpecSchema.parse(manifest.spec).enqueue?.length, 32);
  assert.equal(left, 8);
});

test('fork goes on with what was found, and with what is set', async () => {
  const before = engine({ search: { algorithm: 'tpe' }, warmStart: { experiments: ['older'] } });
  const ran = await print('fork', before, '--set', 'trials.max=50', 'deadlines.run=2h');
  const { metadata, spec } = readBack(ran.stdout);
  assert.equal(metadata.name, 'digits-fork');
  assert.deepEqual(spec.warmStart?.experiments, ['digits', 'older']);
  assert.equal(spec.trials.max, 50);
  assert.equal(spec.trials.parallel, 2);
  assert.equal(spec.deadlines.run, '2h');
  assert.equal(spec.search.seed, 1, 'not the configurations that it begins with again');
});

const WRONG = {
  'a field that there is not': ['trials.maxx=50', /maxx/],
  'a value of another kind': ['trials.max=many', /trials.*max/],
  'nothing that is set': ['trials', /trials sets nothing/],
  'a field of a list': ['parameters.lr=1', /parameters has no fields that could be set/],
} as const;
for (const [name, [setting, said]] of Object.entries(WRONG)) {
  test(`fork refuses ${name}`, async () => {
    const ran = await print('fork', engine(), '--set', setting);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, said);
    assert.equal(ran.stdout, '');
  });
}

test('in a folder the new Experiment is run there', async () => {
  const before = engine({ trainer: { command: ['./train.sh'] } });
  before.script = async () => {
    before.add(experiment({ name: 'digits-retry', status: { phase: 'Succeeded' } }));
  };
  const ran = await espalier(['retry', 'digits', '--dir', dir], before);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.ok(before.calls.includes('apply digits-retry'));
});

test('of a cluster the new Experiment is submitted there, into the same namespace', async (t) => {
  const old = experiment({ namespace: 'team', status: { phase: 'Failed' } });
  const owner = { apiVersion: 'espalier.dev/v1alpha1', kind: 'Experiment', controller: true };
  const { trial } = failed(1);
  const item = {
    ...trial,
    metadata: {
      ...trial.metadata,
      ownerReferences: [{ ...owner, name: 'digits', uid: 'uid-digits' }],
    },
  };
  const { kubeconfig, asked } = await useApiServer(t, ({ method, path, body }) => {
    if (method === 'PATCH') {
      const { metadata, ...rest } = JSON.parse(body);
      return { code: 201, body: { ...rest, metadata: { ...metadata, uid: 'new' } } };
    }
    if (path.endsWith('/digits')) return { code: 200, body: old };
    if (path.endsWith('/trials')) return { code: 200, body: { metadata: {}, items: [item] } };
    return { code: 404, body: { message: 'none' } };
  });
  const ran = await espalier(['retry', 'digits', '--kubeconfig', kubeconfig], new FakeEngine());
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, 'experiment.espalier.dev/digits-retry created\n');
  const sent = asked.filter(({ method }) => method === 'PATCH').map(({ path }) => path);
  const want = '/apis/espalier.dev/v1alpha1/namespaces/team/experiments/digits-retry';
  assert.deepEqual(sent, [want, want]);
});

test('what is left without defaults means the same', () => {
  const { spec } = experiment({
    spec: {
      earlyStopping: { algorithm: 'asha', max: 9, eta: 3 },
      trials: { max: 9, parallel: 1 },
      deadlines: { run: '1h' },
    },
  });
  const least = withoutDefaults(spec);
  assert.deepEqual(experimentSpecSchema.parse(least), experimentSpecSchema.parse(spec));
  assert.deepEqual(Object.keys(least), [
    'objective',
    'parameters',
    'earlyStopping',
    'trials',
    'deadlines',
  ]);
  assert.deepEqual(least['trials'], { max: 9 });
  assert.deepEqual(least['deadlines'], { run: '1h' });
});

test('a name stays as long as names may be', () => {
  assert.equal(successorName('digits', '-fork'), 'digits-fork');
  assert.equal(successorName(`${'a'.repeat(33)}-b-c`, '-retry'), `${'a'.repeat(33)}-retry`);
});
