import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, type TestContext, test } from 'node:test';
import { LABEL } from '@espalier/api';
import { useCluster } from '../../kit/suite.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  experimentBody,
  experimentsPath,
  makeNamespace,
  trialsPath,
} from '../k8s/objects.ts';
import { CALL, useStore, whyNoStore } from '../s3/rig.ts';
import { type Ran, Sandbox } from './sandbox.ts';

const NAMESPACE = 'team';
const NAME = 'digits';
const LOG = 'epoch 1\nepoch 2 \u{1f333}\n';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** What a trainer has reported from `seq` on, as a segment. */
function segment(from: number, to: number): string {
  const lines = [];
  for (let seq = from; seq < to; seq++) {
    const values = { acc: seq / 10, grad_norm: 2 };
    lines.push(`${JSON.stringify({ seq, step: 10 * seq, epoch: seq, values, time: 0 })}\n`);
  }
  return lines.join('');
}

describe('what people look at on a cluster', { skip: whyNoStore() }, () => {
  const cluster = useCluster({ nodes: false, users: [{ name: 'guest', groups: [] }] });
  const at = useStore();

  before(async () => {
    const { plane } = cluster;
    const { client } = plane;
    await applyCrds(plane);
    await makeNamespace(client, NAMESPACE);
    const made = await client.create(experimentsPath(NAMESPACE), experimentBody(NAMESPACE, NAME));
    const { uid = '' } = made.metadata;
    const owner = { apiVersion: 'espalier.dev/v1alpha1', kind: 'Experiment', name: NAME, uid };
    for (const index of [0, 1]) await addTrial(index, owner);
    await client.patch(`${experimentsPath(NAMESPACE, NAME)}/status`, 'merge-patch', {
      status: { phase: 'Running' },
    });
  });

  /** The first has ended whole; the second failed, with one checkpoint and no log. */
  async function addTrial(index: number, owner: { readonly uid: string }): Promise<void> {
    const { client } = cluster.plane;
    const name = `${NAME}-0000${index}`;
    const trial = await client.create(trialsPath(NAMESPACE), {
      apiVersion: 'espalier.dev/v1alpha1',
      kind: 'Trial',
      metadata: {
        name,
        namespace: NAMESPACE,
        labels: { [LABEL.experiment]: NAME },
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        index,
        configuration: index,
        replicate: 0,
        parameters: [{ name: 'lr', float: 0.01 }],
        algorithm: 'random@1',
      },
    });
    const experiment = { namespace: NAMESPACE, name: NAME, uid: owner.uid };
    const trialUid = trial.metadata.uid ?? '';
    const place = { experiment, index, trialUid, attempt: index };
    const folder = at.keys.attemptRoot(place);
    const texts = [segment(0, 3), segment(3, 5)];
    const files = texts.map((text, n) => ({
      path: `points-${3 * n}.jsonl`,
      size: text.length,
      sha256: sha256(text),
    }));
    for (const [n, text] of texts.entries()) await put(`${folder}${files[n]?.path}`, text);
    const manifest = {
      ...{ version: 1, trialUid, attempt: index, step: 40, epoch: 4 },
      ...{ best: null, resume: null, files },
    };
    const isWhole = index === 0;
    if (isWhole) await put(`${folder}log.txt`, LOG);
    await put(
      `${folder}${isWhole ? 'manifest.json' : 'manifest-40.json'}`,
      JSON.stringify(manifest),
    );
    const uri = `s3://${at.options.bucket}/${folder.slice(0, -1)}`;
    const attempts = Array.from({ length: index + 1 }, (_, number) => ({
      number,
      outcome: isWhole ? 'Succeeded' : 'Failed',
    }));
    await client.patch(`${trialsPath(NAMESPACE, name)}/status`, 'merge-patch', {
      status: isWhole
        ? {
            phase: 'Succeeded',
            observation: { value: 0.4, step: 40, epoch: 4 },
            attempts,
            artifacts: { attempt: 0, folder: uri, log: `${uri}/log.txt` },
          }
        : { phase: 'Failed', reason: 'ProgramError', attempts },
    });
  }

  const put = (key: string, text: string) => at.store.put(key, Buffer.from(text), undefined, CALL);

  function espalier(
    t: TestContext,
    words: string,
    env: Readonly<Record<string, string>> = {},
    kubeconfig = cluster.plane.kubeconfig,
  ): Promise<Ran> {
    const known = at.options.credentials as
      | { accessKeyId: string; secretAccessKey: string }
      | undefined;
    return new Sandbox(t).start(
      [...words.split(' '), '--kubeconfig', kubeconfig, '-n', NAMESPACE],
      {
        ESPALIER_S3_ENDPOINT: at.options.endpoint ?? '',
        ESPALIER_S3_PATH_STYLE: 'true',
        ...(known === undefined
          ? {}
          : { AWS_ACCESS_KEY_ID: known.accessKeyId, AWS_SECRET_ACCESS_KEY: known.secretAccessKey }),
        ...env,
      },
    ).ended;
  }
  /** Somebody who has guessed the secret wrong. */
  const STRANGER = { AWS_SECRET_ACCESS_KEY: 'nothing' };
  /** Somebody without any credentials. */
  const NOBODY = {
    ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_CONFIG_FILE: '/dev/null' },
  };

  test('U curves are drawn from the points in the store, also of a trial that failed', async (t) => {
    const ran = await espalier(t, 'plot curves digits -o curves.svg');
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.doesNotMatch(ran.stderr, /no curves/);
    const drawn = await espalier(t, 'plot curves digits');
    assert.match(drawn.stdout, /[\u2801-\u28ff]/, 'braille');
    assert.match(drawn.stdout, /2 trials/);
  });

  test('U without access to the store there are no curves, and one line says why', async (t) => {
    const ran = await espalier(t, 'plot curves digits', STRANGER);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stderr, /^no curves: .*the store does not accept this AWS credential$/m);
    assert.equal(ran.stderr.trim().split('\n').length, 1, ran.stderr);
  });

  test('U the log of a pod that is gone comes from the store', async (t) => {
    const ran = await espalier(t, 'logs digits-00000');
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.equal(ran.stdout, LOG);
    const all = await espalier(t, 'logs digits');
    assert.equal(all.stdout, '[00000] epoch 1\n[00000] epoch 2 \u{1f333}\n');
    const none = await espalier(t, 'logs digits-00001');
    assert.equal(none.exitCode, 3);
    assert.match(none.stderr, /its pod is gone, and none was kept/);
    const nobody = await espalier(t, 'logs digits-00000', NOBODY);
    assert.equal(nobody.exitCode, 1);
    assert.match(nobody.stderr, /there are no AWS credentials here: set AWS_PROFILE/);
    const stranger = await espalier(t, 'logs digits-00000', STRANGER);
    assert.equal(stranger.exitCode, 1);
    assert.match(stranger.stderr, /log\.txt: .*the store does not accept this AWS credential/);
  });

  test('U doctor tells what each person may know and has to do', async (t) => {
    const { plane } = cluster;
    const admin = await espalier(t, 'doctor');
    // Nothing runs the objects of this cluster.
    assert.equal(admin.exitCode, 11, admin.stdout);
    assert.match(admin.stdout, /^ok {3}API server +v1\.\d+/m);
    assert.match(admin.stdout, /^ok {3}clock +as the server/m);
    assert.match(admin.stdout, /^ok {3}kinds +as this program knows them/m);
    assert.match(admin.stdout, /^ok {3}rights +all that this program needs in team/m);
    assert.match(
      admin.stdout,
      /^BAD {2}controller +there is no Lease of one\n +-> espalier install/m,
    );
    assert.match(admin.stdout, /^ok {3}NATS, store +no complaint of 1 Experiment/m);
    assert.match(admin.stdout, /^\? {4}GPUs +no node offers any/m);
    const person = plane.writeKubeconfig('guest', plane.token('guest'));
    const guest = await espalier(t, 'doctor', {}, person);
    assert.equal(guest.exitCode, 11);
    assert.match(
      guest.stdout,
      /^BAD {2}rights +none in team to get, list, create, patch, delete exp/m,
    );
    assert.match(guest.stdout, /^\? {4}controller +its Lease is not for your eyes/m);
    const version = await espalier(t, 'version');
    assert.match(
      version.stdout,
      /^espalier \S+\nkubernetes v1\S+\nkinds espalier\.dev\/v1alpha1\n/,
    );
  });

  test('U doctor sees kinds that are older than the program, and a controller that stopped', async (t) => {
    const { client } = cluster.plane;
    const crd =
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/trainerprofiles.espalier.dev';
    const before = (await client.get(crd)) as unknown as {
      spec: {
        versions: {
          schema: { openAPIV3Schema: { properties: Record<string, { properties: object }> } };
        }[];
      };
    };
    const [first] = before.spec.versions;
    const fields = first?.schema.openAPIV3Schema.properties['spec']?.properties ?? {};
    const [name = ''] = Object.keys(fields);
    await client.patch(crd, 'json-patch', [
      {
        op: 'remove',
        path: `/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/${name}`,
      },
    ]);
    await client.create('/apis/coordination.k8s.io/v1/namespaces/default/leases', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'espalier-controller', namespace: 'default' },
      spec: {
        holderIdentity: 'a-pod',
        leaseDurationSeconds: 15,
        renewTime: '2026-01-01T00:00:00.000000Z',
      },
    });
    const ran = await waitFor(
      async () => {
        const seen = await espalier(t, 'doctor');
        return /BAD {2}kinds/.test(seen.stdout) ? seen : undefined;
      },
      { what: 'the server publishes the older kind' },
    );
    assert.match(
      ran.stdout,
      new RegExp(`older than this program: without .*TrainerProfile\\.spec\\.${name}`),
    );
    assert.match(
      ran.stdout,
      /^BAD {2}controller +none holds the Lease espalier-controller in default/m,
    );
  });
});
