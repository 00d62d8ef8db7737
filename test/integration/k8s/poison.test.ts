import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentBody,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  podsIn,
  trialsIn,
  trialsPath,
} from './objects.ts';
import { eventsOf, podRuns, trialAt, trialUntil, useRig } from './pods-rig.ts';

const API = 'espalier.dev/v1alpha1';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const done = { message: lastWords(0.5), runFor: '100ms' };

const trialBody = (name: string, rest: object = {}) => ({
  apiVersion: API,
  kind: 'Trial',
  metadata: { name, namespace: 'poison' },
  spec: { index: 0, configuration: 0, algorithm: 'random@1', parameters: [] },
  ...rest,
});

/** What no schema of ours lets pass, as an older or a careless CRD would have. */
const DAMAGED: readonly object[] = [
  { ...trialBody('t-spec-is-a-number'), spec: 7 },
  { ...trialBody('t-no-spec'), spec: undefined },
  { ...trialBody('t-huge-index'), spec: { index: 1e300, configuration: -1, parameters: 'x' } },
  { ...trialBody('t-status'), status: { phase: 'Exploded', attempts: { 0: null } } },
  {
    ...trialBody('t-attempts'),
    status: { phase: 'Running', attempts: [{ number: 'x' }, 7, null] },
  },
  ...[7, null, [], { trials: 'many' }, { parameters: { a: 1 } }, { desiredState: 'Explode' }].map(
    (spec, i) => ({ ...experimentBody('poison', `e-spec-${i}`), spec }),
  ),
  { ...experimentBody('poison', 'e-status'), status: { phase: 'Running', trials: 'all' } },
  {
    ...experimentBody('poison', 'e-status-held'),
    metadata: {
      name: 'e-status-held',
      namespace: 'poison',
      finalizers: ['espalier.dev/accounting'],
    },
    status: { phase: 'Running', trials: 'all' },
  },
  {
    ...experimentBody('poison', 'e-held', { queueName: 'q'.repeat(64) }),
    metadata: { name: 'e-held', namespace: 'poison', finalizers: ['espalier.dev/accounting'] },
  },
  { ...experimentBody('poison', 'e-deadline', { deadlines: { stall: 'soon' as never } }) },
];

/** What the schemas let pass and nobody of ours would write. */
const ODD: readonly object[] = [
  trialBody('hand-made'),
  trialBody('of-nobody', {
    metadata: {
      name: 'of-nobody',
      namespace: 'poison',
      ownerReferences: [
        { apiVersion: API, kind: 'Experiment', name: 'x', uid: 'no-such-uid', controller: true },
      ],
    },
  }),
  {
    ...experimentBody('poison', 'annotated'),
    metadata: {
      name: 'annotated',
      namespace: 'poison',
      labels: { 'espalier.dev/experiment': '', 'espalier.dev/attempt': 'NaN' },
      annotations: {
        'espalier.dev/state': '{"unfinished": ',
        __proto__: '{}',
        constructor: '\u0000\u202e\ufeff',
        long: 'x'.repeat(200_000),
      },
    },
  },
];

describe('objects that nobody should have made', { skip: whyNoTools() }, () => {
  const rig = useRig({ label: 'poison', controller: { orphanSweepMs: 1000 } });

  before(async () => {
    await makeNamespace(rig.client, 'poison');
  });

  /** Lets every object of our kinds pass, until the real CRDs are applied again. */
  async function loosen(): Promise<void> {
    const { client } = rig;
    const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    for (const plural of ['experiments', 'trials']) {
      await client.patch(`${CRDS}/${plural}.espalier.dev`, 'json-patch', [
        { op: 'replace', path: '/spec/versions/0/schema', value: { openAPIV3Schema } },
        { op: 'remove', path: '/spec/versions/0/selectableFields' },
        { op: 'replace', path: '/spec/versions/0/subresources', value: { status: {} } },
      ]);
    }
    const probe = { ...experimentBody('poison', 'probe'), spec: 7 };
    const probes = [experimentsPath('poison'), trialsPath('poison')];
    for (const path of probes) {
      const kind = path.endsWith('trials') ? 'Trial' : 'Experiment';
      await waitFor(
        async () => {
          const body = { ...probe, kind };
          const { status, text } = await client.request('POST', `${path}?dryRun=All`, { body });
          if (status !== 201) throw new Error(text);
          return true;
        },
        { what: `${kind} may be anything` },
      );
    }
  }

  /** The real CRDs again, though what is stored does not fit them. */
  async function tighten(): Promise<void> {
    const { client, plane } = rig;
    await plane.kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'manifests/crd']);
    const body = { ...experimentBody('poison', 'probe'), spec: 7 };
    const path = `${experimentsPath('poison')}?dryRun=All`;
    await waitFor(async () => (await client.request('POST', path, { body })).status === 422, {
      what: 'the schema is in force',
    });
  }

  async function create(object: object): Promise<void> {
    const { kind, status } = object as { kind: string; status?: object };
    const path = kind === 'Trial' ? trialsPath('poison') : experimentsPath('poison');
    const { metadata } = await rig.client.create(path, object);
    if (status === undefined) return;
    // The controller may be at it already.
    await rig.client.patch(`${path}/${metadata.name}/status`, 'merge-patch', { status });
  }

  async function healthyEnds(namespace: string): Promise<void> {
    await rig.namespace(namespace, () => done);
    await createExperiment(rig.client, namespace, 'e', { trials: { max: 4, parallel: 2 } });
    const { status } = await experimentEnded(rig.client, namespace, 'e');
    assert.deepEqual([status?.phase, status?.configurations?.completed], ['Succeeded', 4]);
  }

  test('G12 damaged and odd objects are left alone, said to be so, and stop nobody', async (context) => {
    const { client } = rig;
    await rig.namespace('running', () => ({ ...done, runFor: 'never' }));
    await createExperiment(client, 'running', 'e', { trials: { max: 2, parallel: 2 } });
    await podRuns(client, 'running', 'e-00001-a0');
    await loosen();
    for (const object of [...DAMAGED, ...ODD]) await create(object);
    await client.patch(experimentsPath('running', 'e'), 'merge-patch', {
      spec: { trials: { parallel: 'many' } },
    });
    await tighten();
    await healthyEnds('second');
    for (const [name, kind] of [
      ['t-status', 'Trial'],
      ['e-spec-0', 'Experiment'],
    ] as const) {
      await waitFor(
        async () => (await eventsOf(client, 'poison', name)).some((e) => /RecordDamaged/.test(e)),
        { what: `an event tells of ${kind} ${name}` },
      );
    }
    // A damaged Experiment is not a deleted one: what runs for it goes on.
    await rig.kwok.tell('running', 'e-00000-a0', { runFor: '0s' });
    await waitFor(
      async () =>
        (await podsIn(client, 'running')).items.some(({ status }) => status?.phase === 'Succeeded'),
      { what: 'a pod of the damaged experiment has ended' },
    );
    await healthyEnds('third');
    const pods = (await podsIn(client, 'running')).items;
    assert.deepEqual(
      pods.map(({ metadata, status }) => [
        metadata.name,
        status?.phase,
        metadata.finalizers?.length,
      ]),
      [
        ['e-00000-a0', 'Succeeded', 1],
        ['e-00001-a0', 'Running', 1],
      ],
    );
    context.diagnostic(`${DAMAGED.length} damaged, ${ODD.length} odd objects; pods touched 0`);
  });

  test('G12 G2 a damaged experiment that is repaired goes on where it was', async () => {
    const { client } = rig;
    await client.patch(experimentsPath('running', 'e'), 'merge-patch', {
      spec: { trials: { parallel: 2 } },
    });
    await trialUntil(
      client,
      'running',
      'e-00000',
      ({ status }) => status?.phase === 'Succeeded',
      'is counted',
    );
    await rig.kwok.tell('running', 'e-00001-a0', { runFor: '0s' });
    const { status } = await experimentEnded(client, 'running', 'e');
    assert.equal(status?.phase, 'Succeeded');
    for (const trial of await trialsIn(client, 'running')) {
      assert.deepEqual(
        trial.status?.attempts.map(({ outcome }) => outcome),
        ['Succeeded'],
      );
    }
  });

  test('G12 a controller that starts among them starts, and works', async (context) => {
    await rig.restartProgram();
    await healthyEnds('fourth');
    const damaged = new Set(
      rig.program.log.lines
        .filter(({ message }) => message.includes('damaged'))
        .map(({ fields }) => (fields as { name: string }).name),
    );
    context.diagnostic(
      `${damaged.size} said to be damaged; ${rig.program.errors()} reconcile errors`,
    );
    assert.equal(damaged.size, DAMAGED.length);
  });

  test("G12 hand-made trials and pods under an experiment's names spoil that one at most", async () => {
    const { client } = rig;
    await rig.namespace('squat', () => done);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'e-00000-a0',
        namespace: 'squat',
        labels: { 'espalier.dev/trial': 'e-00000', 'espalier.dev/attempt': 'x' },
        annotations: { 'fake.espalier.test/run-for': 'never' },
      },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    };
    await client.create('/api/v1/namespaces/squat/pods', pod);
    const { metadata } = await createExperiment(client, 'squat', 'e', { trials: { max: 2 } });
    const ownerReferences = [
      { apiVersion: API, kind: 'Experiment', name: 'e', uid: metadata.uid, controller: true },
    ];
    await trialUntil(
      client,
      'squat',
      'e-00000',
      ({ status }) => status?.reason === 'NameTaken',
      'says that its name is taken',
    );
    await client.create(
      trialsPath('squat'),
      trialBody('evil', {
        metadata: { name: 'evil', namespace: 'squat', ownerReferences },
        spec: {
          index: 1,
          configuration: 1,
          algorithm: 'none',
          parameters: [{ name: 'x', int: 1 }],
        },
      }),
    );
    await healthyEnds('fifth');
    await client.remove('/api/v1/namespaces/squat/pods/e-00000-a0', { gracePeriodSeconds: 0 });
    const { status } = await experimentEnded(client, 'squat', 'e');
    assert.equal(status?.phase, 'Succeeded');
    assert.equal((await trialAt(client, 'squat', 'evil')).status?.phase, 'Succeeded');
  });

  test('G12 G5 the garbage can be deleted, our finalizer or not', async () => {
    const { plane } = rig;
    await plane.kubectl(['delete', 'experiments,trials', '--all', '-n', 'poison', '--timeout=20s']);
  });
});
