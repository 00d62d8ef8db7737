import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { envValue, type PodSetup, podOf, TRIAL_UID, template } from '../testing/pod-plan.ts';
import { literal } from './pod-containers.ts';

test('the pod of an attempt has its fixed name, labels, owner and finalizer', () => {
  assert.deepEqual(podOf({ spec: { queueName: 'team-a-queue' } }).metadata, {
    name: 'digits-00003-a1',
    namespace: 'team-a',
    labels: {
      'app.kubernetes.io/managed-by': 'espalier',
      'espalier.dev/experiment': 'digits',
      'espalier.dev/trial': 'digits-00003',
      'espalier.dev/attempt': '1',
      'kueue.x-k8s.io/queue-name': 'team-a-queue',
    },
    finalizers: ['espalier.dev/accounting'],
    ownerReferences: [
      {
        apiVersion: 'espalier.dev/v1alpha1',
        kind: 'Trial',
        name: 'digits-00003',
        uid: TRIAL_UID,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
});

test('everything that an administrator may set arrives', () => {
  const { spec } = podOf({
    trainer: {
      profile: 'gpu',
      resources: { gpu: 2, cpu: '3500m' },
      gracePeriod: '1500ms',
    },
    profile: {
      image: 'ghcr.io/acme/trainer:2',
      imagePrefixes: ['ghcr.io/acme'],
      gpuResourceName: 'amd.com/gpu',
      nodeSelector: { pool: 'gpu' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
      runtimeClassName: 'nvidia',
      priorityClassName: 'batch',
      serviceAccountName: 'trainer',
      imagePullSecrets: ['pull'],
      resources: { cpu: '1', memory: '16Gi' },
    },
  });
  const amounts = { cpu: '3500m', memory: '16Gi', 'amd.com/gpu': '2' };
  assert.deepEqual(spec.containers[0]?.resources, { requests: amounts, limits: amounts });
  assert.equal(spec.containers[0]?.image, 'ghcr.io/acme/trainer:2');
  assert.equal(envValue(spec.containers[0]?.env, 'ESPALIER_CPU_THREADS'), '3');
  assert.deepEqual(
    [
      spec.nodeSelector,
      spec.tolerations,
      spec.runtimeClassName,
      spec.priorityClassName,
      spec.serviceAccountName,
      spec.imagePullSecrets,
      spec.terminationGracePeriodSeconds,
    ],
    [
      { pool: 'gpu' },
      [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
      'nvidia',
      'batch',
      'trainer',
      [{ name: 'pull' }],
      2,
    ],
  );
});

test('the pod fits the Pod Security level restricted and holds no credential', () => {
  const { spec } = podOf({});
  const [trainer] = spec.containers;
  assert.equal(spec.automountServiceAccountToken, false);
  assert.equal(spec.enableServiceLinks, false);
  assert.equal(spec.restartPolicy, 'Never');
  assert.deepEqual(spec.securityContext, {
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.equal(trainer?.securityContext.readOnlyRootFilesystem, true);
  assert.equal(trainer?.securityContext.allowPrivilegeEscalation, false);
  assert.deepEqual(trainer?.securityContext.capabilities, { drop: ['ALL'] });
  const kinds = spec.volumes.flatMap((volume) => Object.keys(volume)).filter((k) => k !== 'name');
  assert.deepEqual([...new Set(kinds)], ['emptyDir']);
});

test('a claim is mounted read only, at its folder', () => {
  const { spec } = podOf({
    spec: { data: { persistentVolumeClaim: { claimName: 'data', subPath: 'digits/v1' } } },
  });
  const volume = spec.volumes.find(({ name }) => name === 'data');
  const mount = spec.containers[0]?.volumeMounts.find(({ name }) => name === 'data');
  assert.deepEqual(volume?.persistentVolumeClaim, { claimName: 'data', readOnly: true });
  assert.deepEqual(mount, {
    name: 'data',
    mountPath: '/espalier/data',
    readOnly: true,
    subPath: 'digits/v1',
  });
});

const refusals: Record<string, { setup: PodSetup; want: string }> = {
  'a profile that is not there': {
    setup: { trainer: { profile: 'gpu' } },
    want: 'ProfileNotFound',
  },
  'no image anywhere': { setup: { defaults: {} }, want: 'NoImage' },
  'an image outside the prefixes': {
    setup: {
      trainer: { profile: 'gpu', image: 'docker.io/evil/x' },
      profile: { imagePrefixes: ['ghcr.io/acme/'] },
    },
    want: 'ImageNotAllowed',
  },
  'a registry that only looks like the allowed one': {
    setup: {
      trainer: { profile: 'gpu', image: 'ghcr.io.evil.org/acme/x' },
      profile: { imagePrefixes: ['ghcr.io'] },
    },
    want: 'ImageNotAllowed',
  },
  'a team that only looks like the allowed one': {
    setup: {
      trainer: { profile: 'gpu', image: 'ghcr.io/acme-evil/x' },
      profile: { imagePrefixes: ['ghcr.io/acme'] },
    },
    want: 'ImageNotAllowed',
  },
  'data of a store that is not there': {
    setup: { spec: { data: { s3: { key: 'digits' } } } },
    want: 'DataUnavailable',
  },
};
for (const [name, { setup, want }] of Object.entries(refusals)) {
  test(`no pod for ${name}`, () => {
    const made = template(setup);
    assert.equal(made.kind === 'refused' ? made.reason : made.kind, want);
  });
}

test('an image may be the prefix itself, with a tag or a digest', () => {
  for (const image of ['ghcr.io/acme/t', 'ghcr.io/acme/t:1', 'ghcr.io/acme/t@sha256:00']) {
    const setup = {
      trainer: { profile: 'p', image },
      profile: { imagePrefixes: ['ghcr.io/acme/t'] },
    };
    assert.equal(podOf(setup).spec.containers[0]?.image, image);
  }
});

/** The kubelet's expansion, after k8s.io/kubernetes third_party/forked/golang/expansion. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '$' || at + 1 >= text.length) {
      out += text[at];
      continue;
    }
    const next = text[at + 1];
    if (next === '$') {
      out += '$';
      at += 1;
    } else if (next === '(') {
      const close = text.indexOf(')', at + 2);
      if (close < 0) out += '$(';
      else {
        const name = text.slice(at + 2, close);
        out += env[name] ?? `$(${name})`;
      }
      at = close < 0 ? at + 1 : close;
    } else {
      out += `$${next}`;
      at += 1;
    }
  }
  return out;
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom('$', '$$', '$(HOME)', '$(', ')', '"', "'", '\\', '\n', '`id`', '$(id)', ';'),
    )
    .map((parts) => parts.join('')),
);

test('K10 hostile arguments arrive byte-exact, and no shell is near', () => {
  fc.assert(
    fc.property(
      fc.array(hostile, { minLength: 1, maxLength: 8 }),
      fc.array(hostile, { maxLength: 8 }),
      (command, args) => {
        const [trainer] = podOf({ trainer: { command, args } }).spec.containers;
        const env = { HOME: '/tmp' };
        assert.deepEqual(
          trainer?.command?.map((text) => expand(text, env)),
          command,
        );
        assert.deepEqual(
          trainer?.args?.map((text) => expand(text, env)),
          args,
        );
      },
    ),
  );
});

test('K10 hostile parameters arrive byte-exact in ESPALIER_TRIAL', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const parameters = [{ name: 'p', string: text }];
      const env = podOf({ parameters }).spec.containers[0]?.env;
      const task = JSON.parse(expand(envValue(env, 'ESPALIER_TRIAL') ?? '', { HOME: '/tmp' }));
      assert.deepEqual(task.parameters, parameters);
    }),
  );
});

test('literal and the expansion undo each other', () => {
  fc.assert(fc.property(hostile, (text) => assert.equal(expand(literal(text), { id: 'x' }), text)));
});
