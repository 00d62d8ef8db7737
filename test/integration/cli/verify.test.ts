import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn, trialsPath } from '../k8s/objects.ts';
import { applyQuick, succeeded } from '../streams/quick-experiment.ts';
import { useStreams } from '../streams/rig.ts';
import { Sandbox } from './sandbox.ts';

const NAMESPACE = 'team';
const TRIALS = 14;

describe('espalier verify of a cluster and of an object store', {
  skip: whyNoTools(),
  timeout: 240_000,
}, () => {
  const rig = useStreams({
    label: 'verify',
    users: [
      { name: 'viewer', groups: [] },
      { name: 'nobody', groups: [] },
    ],
  });
  let experiment: Experiment;
  let trials: readonly Trial[];
  let root: string;

  before(async () => {
    await rig.namespace(NAMESPACE);
    await rig.plane.kubectl(['apply', '-f', 'manifests/rbac/users.yaml']);
    const binding = ['--clusterrole=view', '--user=viewer', '-n', NAMESPACE];
    await rig.plane.kubectl(['create', 'rolebinding', 'viewers', ...binding]);
    const mayList = ['auth', 'can-i', 'list', 'trials.espalier.dev', '-n', NAMESPACE];
    await waitFor(
      async () => (await rig.plane.kubectl([...mayList, '--as=viewer'])).includes('yes'),
      { what: 'the role view includes ours' },
    );
    // The last of these are suggested from the results of the first ones.
    await applyQuick(rig, NAMESPACE, {
      trials: { max: TRIALS, parallel: 4, maxFailed: 0 },
      search: { algorithm: 'tpe', seed: 3 },
      earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 2 },
    });
    experiment = await succeeded(rig, NAMESPACE, 120_000);
    trials = await trialsIn(rig.client, NAMESPACE);
    const { name, uid } = experiment.metadata;
    root = `tenants/one/${NAMESPACE}/${name}-${uid}`;
  });

  function espalier(t: TestContext, words: readonly string[]) {
    const { credentials, url } = rig.s3;
    return new Sandbox(t).start(words, {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ESPALIER_S3_ENDPOINT: url,
      ESPALIER_S3_PATH_STYLE: 'true',
    }).ended;
  }
  const kubeconfig = (user: 'viewer' | 'nobody') =>
    rig.plane.writeKubeconfig(user, rig.plane.token(user));
  const onCluster = (user: 'viewer' | 'nobody' = 'viewer') =>
    ['verify', 'e', '--kubeconfig', kubeconfig(user), '-n', NAMESPACE] as const;
  const inStore = () => `s3://${rig.s3.bucket}/${root}`;

  test('G15 a sweep on a cluster follows from its Trials, and from what it left in the store', async (t) => {
    const rungs = trials.flatMap(({ status }) => status?.rungs ?? []);
    const all = { equal: trials.length, different: 0, unknown: 0 };
    for (const where of [onCluster(), ['verify', inStore()]]) {
      const ran = await espalier(t, [...where, '-o', 'json']);
      assert.equal(ran.exitCode, 0, ran.stderr + ran.stdout);
      const found = JSON.parse(ran.stdout);
      assert.deepEqual([found.experiment, found.namespace], ['e', NAMESPACE]);
      assert.deepEqual(found.suggestions, all);
      assert.deepEqual(found.verdicts, { ...all, equal: rungs.length });
      assert.deepEqual([found.differences, found.missing], [[], []]);
    }
    // A path as status and `espalier best` print it is enough.
    const ran = await espalier(t, ['verify', `${inStore()}/trials.csv`]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    t.diagnostic(`${trials.length} suggestions, ${rungs.length} verdicts, each twice: all equal`);
  });

  test('G13 who may not read the Trials is told which permission is missing', async (t) => {
    const refused = await espalier(t, onCluster('nobody'));
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /needs the verb get on experiments\.espalier\.dev/);
    await rig.plane.kubectl([
      ...['create', 'role', 'half', '--verb=get', '--resource=experiments.espalier.dev'],
      ...['-n', NAMESPACE],
    ]);
    await rig.plane.kubectl([
      ...['create', 'rolebinding', 'half', '--role=half', '--user=nobody', '-n', NAMESPACE],
    ]);
    const half = await waitFor(
      async () => {
        const ran = await espalier(t, onCluster('nobody'));
        return /verb get/.test(ran.stderr) ? undefined : ran;
      },
      { what: 'the new role is in force' },
    );
    assert.equal(half.exitCode, 1);
    assert.match(half.stderr, /cannot read the trials of e .* needs the verb list on trials\./s);
  });

  test('what is not there, or not as it was written, is said with its name', async (t) => {
    const absent = await espalier(t, ['verify', inStore().replace(/.{4}$/, '0000')]);
    assert.equal(absent.exitCode, 3);
    assert.match(absent.stderr, /there is no experiment\.json in s3:/);
    const elsewhere = await espalier(t, ['verify', `s3://${rig.s3.bucket}/somewhere`]);
    assert.equal(elsewhere.exitCode, 2);
    const signal = AbortSignal.timeout(60_000);
    const index = await rig.store.get(`${root}/experiment.json`, 2 ** 20, { signal });
    assert.ok(index);
    const [file] = JSON.parse(index.body.toString()).files;
    const key = `${root}/record-${file.sha256}.jsonl`;
    const whole = await rig.store.get(key, 2 ** 20, { signal });
    assert.ok(whole);
    const put = (body: Buffer) => rig.store.put(key, body, undefined, { signal });
    await put(Buffer.concat([whole.body, Buffer.from('\n')]));
    const changed = await espalier(t, ['verify', inStore()]);
    assert.equal(changed.exitCode, 1);
    assert.match(changed.stderr, /its content is not what experiment\.json names/);
    await rig.store.delete([key], { signal });
    const lost = await espalier(t, ['verify', inStore()]);
    assert.match(lost.stderr, /it is gone, and experiment\.json names it/);
    await put(whole.body);
    assert.equal((await espalier(t, ['verify', inStore()])).exitCode, 0);
  });

  test('G15 one changed parameter is found, and a deleted Trial leaves the rest unknown', async (t) => {
    const victim = trials.find(({ spec }) => spec.index === 2);
    assert.ok(victim);
    const path = trialsPath(NAMESPACE, victim.metadata.name);
    // Nobody but the forger: a controller would end a Trial of an Experiment that has ended.
    await Promise.all(rig.controllers.map(({ process }) => process.kill()));
    // The spec of a Trial is immutable, so it is made anew.
    await rig.client.remove(path);
    await waitFor(async () => (await rig.client.request('GET', path)).status === 404, {
      what: 'the Trial is gone',
    });
    const missing = await espalier(t, [...onCluster(), '-o', 'json']);
    assert.equal(missing.exitCode, 9, missing.stderr);
    const found = JSON.parse(missing.stdout);
    assert.deepEqual(found.missing, [2]);
    assert.deepEqual(found.differences, []);
    assert.ok(found.unknowns.length > 0);
    for (const { reason } of found.unknowns) assert.equal(reason, 'TrialsMissing');
    const parameters = victim.spec.parameters.map((one) => {
      return one.name === 'top' ? { ...one, float: (one.float ?? 0) / 2 } : one;
    });
    const { name, namespace, labels, ownerReferences } = victim.metadata;
    await rig.client.create(trialsPath(NAMESPACE), {
      apiVersion: victim.apiVersion,
      kind: victim.kind,
      metadata: { name, namespace, labels, ownerReferences },
      spec: { ...victim.spec, parameters },
    });
    await rig.client.patch(`${path}/status`, 'merge-patch', { status: victim.status });
    const forged = await espalier(t, onCluster());
    assert.equal(forged.exitCode, 8, forged.stderr);
    assert.match(forged.stderr, /e-00002: parameter top is /);
    // What it left in the store still tells what was.
    assert.equal((await espalier(t, ['verify', inStore()])).exitCode, 0);
    t.diagnostic(`deleted 1: ${found.unknowns.length} unknown; forged 1: found`);
  });
});
