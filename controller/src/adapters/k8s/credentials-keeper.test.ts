import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FINALIZER, LABEL } from '@espalier/api';
import { experiment, NOW, trial } from '../../domain/testing/builders.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { recordingLog } from '../../runtime/testing/quiet.ts';
import { ApiError } from './api-error.ts';
import { Caches } from './caches.ts';
import { CredentialsKeeper } from './credentials-keeper.ts';
import type { RawObject } from './raw-object.ts';
import { Transport } from './transport.ts';

const UID = '00000000-0000-4000-8000-000000000001';
const CALL = { signal: new AbortController().signal };
const at = (ms: number) => new Date(ms).toISOString();

interface Shape {
  readonly scheduled?: boolean;
  readonly started?: boolean;
  readonly ended?: boolean;
  readonly deleted?: boolean;
}

let version = 1;
function raw(object: object): RawObject {
  const { metadata, ...rest } = object as RawObject;
  version += 1;
  return { ...rest, metadata: { ...metadata, resourceVersion: String(version) } };
}

function podOf({ scheduled = true, started, ended, deleted }: Shape): RawObject {
  const times = { startedAt: at(NOW), finishedAt: at(NOW) };
  const state = ended
    ? { terminated: { exitCode: 0, ...times } }
    : { running: { startedAt: at(NOW) } };
  return raw({
    metadata: {
      name: 'a-00001-a0',
      namespace: 'team',
      uid: 'pod-uid',
      creationTimestamp: at(NOW),
      finalizers: [FINALIZER],
      labels: { [LABEL.experiment]: 'a', [LABEL.trial]: 'a-00001', [LABEL.attempt]: '0' },
      ownerReferences: [
        { apiVersion: 'x', kind: 'Trial', name: 'a-00001', uid: UID, controller: true },
      ],
      ...(deleted ? { deletionTimestamp: at(NOW), deletionGracePeriodSeconds: 0 } : {}),
    },
    spec: scheduled ? { nodeName: 'n' } : {},
    status: {
      phase: ended ? 'Succeeded' : started ? 'Running' : 'Pending',
      conditions: scheduled
        ? [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(NOW) }]
        : [],
      ...(started || ended ? { containerStatuses: [{ name: 'trainer', state }] } : {}),
    },
  });
}

function setup(answer: () => RawObject = () => raw({ metadata: { name: 's', uid: 's' } })) {
  const clock = new FakeClock(NOW);
  const log = recordingLog();
  const access = { server: new URL('http://127.0.0.1:1'), credentials: assert.fail };
  const transport = new Transport({ access, clock });
  const caches = new Caches({ transport, clock, log, random: () => 0, namespaces: [] });
  caches.experiments.put(raw(experiment()));
  const owned = trial('a-00001');
  caches.trials.put(raw({ ...owned, metadata: { ...owned.metadata, uid: UID } }));
  const created: Record<string, unknown>[] = [];
  const events: string[] = [];
  const keeper = new CredentialsKeeper({
    caches,
    clock,
    events: { emit: ({ name, reason }) => void events.push(`${name} ${reason}`) },
    mint: async ({ namespace, trialUid, attempt }) => ({
      'user.creds': `${namespace} ${trialUid} ${attempt}`,
    }),
    client: {
      create: async (resource, namespace, body) => {
        created.push({ kind: resource.kind, namespace, ...body });
        return answer();
      },
    },
  });
  return { clock, caches, created, events, keeper, key: 'team/a-00001-a0' };
}

const failing = (status: number, reason: string) => () => {
  throw new ApiError('POST /secrets', { status, reason, message: 'no' });
};

test('a pod with a node gets a Secret of its own, which goes with it', async () => {
  const { caches, created, keeper, key } = setup();
  caches.pods.put(podOf({}));
  assert.deepEqual(await keeper.keep(key, CALL), { requeueAfterMs: 30_000 });
  assert.deepEqual(created, [
    {
      kind: 'Secret',
      namespace: 'team',
      apiVersion: 'v1',
      metadata: {
        name: `${UID}-0`,
        labels: {
          'app.kubernetes.io/managed-by': 'espalier',
          [LABEL.trial]: 'a-00001',
          [LABEL.attempt]: '0',
        },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'a-00001-a0', uid: 'pod-uid', controller: true },
        ],
      },
      type: 'Opaque',
      immutable: true,
      stringData: { 'user.creds': `team ${UID} 0` },
    },
  ]);
});

const others: Record<string, Shape> = {
  'that has no node': { scheduled: false },
  'that runs': { started: true },
  'that has ended': { ended: true },
  'that is being deleted': { deleted: true },
};
for (const [name, shape] of Object.entries(others)) {
  test(`nothing is written for a pod ${name}`, async () => {
    const { caches, created, keeper, key } = setup();
    const waiting: string[] = [];
    keeper.onWaiting((one) => waiting.push(one));
    caches.pods.put(podOf(shape));
    assert.deepEqual(await keeper.keep(key, CALL), {});
    assert.deepEqual([waiting, created], [[], []]);
  });
}

test('a pod is told of once: when it has a node, or when we begin', () => {
  const { caches, keeper, key } = setup();
  const [first, second]: [string[], string[]] = [[], []];
  keeper.onWaiting((one) => first.push(one));
  caches.pods.put(podOf({ scheduled: false }));
  caches.pods.put(podOf({}));
  caches.trials.put(
    raw({ ...trial('a-00001'), metadata: { ...trial('a-00001').metadata, uid: UID } }),
  );
  keeper.onWaiting((one) => second.push(one));
  assert.deepEqual([first, second], [[key], [key]]);
});

test('F2 a Secret that is there is done, and looked after until the process starts', async () => {
  const { clock, caches, keeper, key } = setup(failing(409, 'AlreadyExists'));
  caches.pods.put(podOf({}));
  assert.deepEqual(await keeper.keep(key, CALL), { requeueAfterMs: 30_000 });
  await clock.advance(600_000);
  assert.deepEqual(await keeper.keep(key, CALL), { requeueAfterMs: 600_000 });
  caches.pods.put(podOf({ started: true }));
  assert.deepEqual(await keeper.keep(key, CALL), {});
});

test('a namespace that is gone needs nothing', async () => {
  const { caches, keeper, key } = setup(failing(404, 'NotFound'));
  caches.pods.put(podOf({}));
  assert.deepEqual(await keeper.keep(key, CALL), {});
});

test('F19 a refusal is told to people, and tried again', async () => {
  const { caches, events, keeper, key } = setup(failing(403, 'Forbidden'));
  caches.pods.put(podOf({}));
  await assert.rejects(keeper.keep(key, CALL), /403|no/);
  assert.deepEqual(events, ['a-00001 CredentialsRefused']);
});
