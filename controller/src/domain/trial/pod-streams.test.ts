import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PodSetup, podOf, TRIAL_UID, template } from '../testing/pod-plan.ts';
import type { ContainerManifest, PodManifest } from './pod-manifest.ts';
import type { PodDefaults } from './pod-template.ts';
import { formatResumePoint, parseResumePoint } from './resume-point.ts';

const STREAMED: PodDefaults = {
  trainerImage: 'reg/trainer:1',
  streams: { servers: ['a.svc:4222', 'b.svc:4222'], courierImage: 'reg/courier:1', hasStore: true },
};
const RESUME = { trialUid: TRIAL_UID, trialIndex: 3, attempt: 0, step: 40 };
const FROM_S3 = { data: { s3: { key: 'digits.tar' } } };

const streamed = (setup: PodSetup = {}): PodManifest => podOf({ defaults: STREAMED, ...setup });

/** Container names, in the order in which the kubelet starts them. */
const namesOf = ({ spec }: PodManifest) =>
  [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);

function containerOf({ spec }: PodManifest, name: string): ContainerManifest {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const found = all.find((container) => container.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

/** `rw` or `ro` for each folder of ours that it mounts. */
function mountsOf(pod: PodManifest, name: string): Record<string, string> {
  const mounts = containerOf(pod, name).volumeMounts;
  const ours = mounts.filter(({ mountPath }) => mountPath.startsWith('/espalier/'));
  return Object.fromEntries(ours.map((one) => [one.name, one.readOnly === true ? 'ro' : 'rw']));
}

const envOf = (pod: PodManifest, name: string) =>
  Object.fromEntries(containerOf(pod, name).env.map((one) => [one.name, one.value]));

test('without streams a pod has one container, no credentials, and reports into a file', () => {
  const pod = podOf({ trainer: { sidecar: true } });
  assert.deepEqual(namesOf(pod), ['trainer']);
  assert.equal(pod.spec.initContainers, undefined);
  assert.equal(
    pod.spec.volumes.some(({ secret }) => secret !== undefined),
    false,
  );
  assert.equal(envOf(pod, 'trainer')['ESPALIER_REPORT'], 'file:/espalier/run/report.jsonl');
  assert.equal(envOf(pod, 'trainer')['ESPALIER_CREDENTIALS'], undefined);
});

test('with streams a trainer has the servers and its own credentials, read only', () => {
  const pod = streamed();
  const env = envOf(pod, 'trainer');
  assert.deepEqual(namesOf(pod), ['trainer']);
  assert.equal(env['ESPALIER_REPORT'], 'nats://a.svc:4222,b.svc:4222');
  assert.equal(env['ESPALIER_CREDENTIALS'], '/espalier/credentials');
  assert.deepEqual(
    pod.spec.volumes.find(({ secret }) => secret !== undefined),
    { name: 'credentials', secret: { secretName: `${TRIAL_UID}-1`, defaultMode: 0o444 } },
  );
  assert.deepEqual(mountsOf(pod, 'trainer'), {
    out: 'rw',
    run: 'rw',
    resume: 'ro',
    data: 'ro',
    credentials: 'ro',
  });
  assert.equal(pod.metadata.annotations, undefined);
});

test('data of the store is fetched before the trainer starts; the trainer only reads it', () => {
  const pod = streamed({ spec: FROM_S3 });
  assert.deepEqual(namesOf(pod), ['fetch', 'trainer']);
  const fetch = containerOf(pod, 'fetch');
  assert.deepEqual(
    [fetch.image, fetch.command, fetch.args],
    ['reg/courier:1', undefined, ['fetch']],
  );
  assert.deepEqual(mountsOf(pod, 'fetch'), { data: 'rw', resume: 'rw', credentials: 'ro' });
  assert.equal(mountsOf(pod, 'trainer')['data'], 'ro');
  assert.equal(envOf(pod, 'fetch')['ESPALIER_REPORT'], 'nats://a.svc:4222,b.svc:4222');
  assert.equal(envOf(pod, 'fetch')['ESPALIER_DATA'], '/espalier/data');
});

test('a checkpoint to resume from is fetched, and stands on the pod', () => {
  const pod = streamed({ resumeFrom: RESUME });
  assert.deepEqual(namesOf(pod), ['fetch', 'trainer']);
  const mark = `${TRIAL_UID}/3/0/40`;
  assert.deepEqual(pod.metadata.annotations, { 'espalier.dev/resume-from': mark });
});

test('a sidecar takes the credentials from the trainer, and outlives it', () => {
  const pod = streamed({ trainer: { sidecar: true }, spec: FROM_S3 });
  assert.deepEqual(namesOf(pod), ['fetch', 'courier', 'trainer']);
  const [, sidecar] = pod.spec.initContainers ?? [];
  assert.ok(sidecar !== undefined && 'restartPolicy' in sidecar);
  assert.equal(sidecar.restartPolicy, 'Always');
  const ready = '/espalier/run/courier.ready';
  assert.deepEqual(sidecar.args, [
    ...['watch', '--report=/espalier/run/report.jsonl', `--ready=${ready}`],
  ]);
  assert.deepEqual(sidecar.startupProbe.exec.command, ['test', '-e', ready]);
  assert.deepEqual(mountsOf(pod, 'courier'), { out: 'rw', run: 'rw', credentials: 'ro' });
  assert.deepEqual(mountsOf(pod, 'trainer'), { out: 'rw', run: 'rw', resume: 'ro', data: 'ro' });
  const env = envOf(pod, 'trainer');
  assert.equal(env['ESPALIER_REPORT'], 'file:/espalier/run/report.jsonl');
  assert.equal(env['ESPALIER_CREDENTIALS'], undefined);
  assert.equal(envOf(pod, 'courier')['ESPALIER_REPORT'], 'nats://a.svc:4222,b.svc:4222');
});

test('couriers are as restricted as the trainer, and fit a quota on limits', () => {
  const pod = streamed({ trainer: { sidecar: true }, resumeFrom: RESUME });
  const { securityContext } = containerOf(pod, 'trainer');
  for (const name of ['fetch', 'courier']) {
    const container = containerOf(pod, name);
    assert.deepEqual(container.securityContext, securityContext);
    assert.deepEqual(container.resources, {
      requests: { cpu: '500m', memory: '256Mi' },
      limits: { cpu: '500m', memory: '256Mi' },
    });
  }
});

test('an administrator may give a volume that keeps data sets; only the fetching sees it', () => {
  const profile = { dataCacheClaim: 'data-sets' };
  const trainer = { profile: 'gpu' };
  const pod = streamed({ profile, trainer, spec: FROM_S3 });
  assert.equal(envOf(pod, 'fetch')['ESPALIER_DATA_CACHE'], '/espalier/data-cache');
  assert.equal(mountsOf(pod, 'fetch')['data-cache'], 'rw');
  assert.equal(mountsOf(pod, 'trainer')['data-cache'], undefined);
  assert.deepEqual(pod.spec.volumes.at(-1), {
    name: 'data-cache',
    persistentVolumeClaim: { claimName: 'data-sets' },
  });
  const without = streamed({ profile, trainer, resumeFrom: RESUME });
  assert.equal(envOf(without, 'fetch')['ESPALIER_DATA_CACHE'], undefined);
  assert.equal(
    without.spec.volumes.some(({ name }) => name === 'data-cache'),
    false,
  );
});

test('a claim is no reason to fetch', () => {
  const spec = { data: { persistentVolumeClaim: { claimName: 'data' } } };
  assert.deepEqual(namesOf(streamed({ spec })), ['trainer']);
});

test('data of the store needs a store, and the message names the settings', () => {
  const streams = { servers: ['a:1'], courierImage: 'c', hasStore: false };
  for (const defaults of [{ trainerImage: 't' }, { trainerImage: 't', streams }]) {
    const made = template({ spec: FROM_S3, defaults });
    assert.ok(made.kind === 'refused');
    assert.equal(made.reason, 'DataUnavailable');
    assert.match(made.message, /--nats-servers and --s3-bucket/);
  }
});

test('the mark of a checkpoint is read as it was written, and nothing else is', () => {
  assert.deepEqual(parseResumePoint(formatResumePoint(RESUME)), RESUME);
  const damaged = [
    '',
    `${TRIAL_UID}/3/0`,
    `${TRIAL_UID}/3/0/40/`,
    `${TRIAL_UID}/3/0/-1`,
    `${TRIAL_UID}/3/01/1`,
    `${TRIAL_UID}/3/0/1e3`,
    `${TRIAL_UID}/3/0/9007199254740993`,
    `../../x/3/0/40`,
    ` ${TRIAL_UID}/3/0/40`,
    `${TRIAL_UID}/3/0/40\n`,
  ];
  for (const text of damaged) assert.equal(parseResumePoint(text), undefined, JSON.stringify(text));
});
