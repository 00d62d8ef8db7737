import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { usedGrants } from '../../kit/audit-log.ts';
import type { RequestFault, SeenRequest } from '../../kit/fault-rules.ts';
import type { KubeObject, Pod } from '../../kit/kube-types.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  experimentEnded,
  experimentsPath,
  makeNamespace,
  podsIn,
  untilPodsRefused,
} from './objects.ts';
import { eventsOf } from './pods-rig.ts';
import { ACCOUNT, podsRun, REPORT, UNTIL_GO, useProcessRig } from './process-rig.ts';

interface Secret extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly { readonly kind: string; readonly uid: string }[];
  };
  readonly immutable?: boolean;
  readonly data: Readonly<Record<string, string>>;
}

const THREE = { trials: { max: 3, parallel: 3 } };
const WAIT = `${UNTIL_GO}; ${REPORT}`;

describe('the credentials of attempts', { skip: whyNoTools(), timeout: 120_000 }, () => {
  const rig = useProcessRig('secrets');

  const secretsIn = async (namespace: string) =>
    (await rig.client.list<Secret>(`/api/v1/namespaces/${namespace}/secrets`)).items;

  /** What came of every request for a Secret there, in order. */
  const answers = (namespace: string) =>
    rig.proxy.writes
      .filter(({ path }) => path.startsWith(`/api/v1/namespaces/${namespace}/secrets`))
      .map(({ serverStatus }: SeenRequest) => serverStatus);

  async function endAll(namespace: string, pods: readonly string[]): Promise<void> {
    for (const pod of pods) rig.go(namespace, pod);
    const ended = await experimentEnded(rig.client, namespace, 'e');
    assert.equal(ended.status?.phase, 'Succeeded');
  }

  function gone(namespace: string): Promise<true> {
    return waitFor(async () => (await secretsIn(namespace)).length === 0, {
      what: `the Secrets of ${namespace} went with their pods`,
    });
  }

  test('G10 G13 every attempt has a Secret of its own, made once, owned by its pod, and gone with it', async (context) => {
    await makeNamespace(rig.client, 'a');
    await rig.run('a', `cat "$ESPALIER_CREDENTIALS/user.creds"; ${WAIT}`, THREE);
    const pods = await podsRun(rig.client, 'a', 3);
    const { items } = await podsIn(rig.client, 'a');
    const secrets = await secretsIn('a');
    assert.equal(secrets.length, 3);
    const uids = (objects: readonly (Pod | Secret)[]) =>
      objects.map(({ metadata }) => metadata.uid);
    assert.deepEqual(
      secrets.map(({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid).join()).sort(),
      uids(items).sort(),
    );
    for (const { data, immutable } of secrets) {
      assert.deepEqual(Object.keys(data).sort(), ['ca.crt', 'user.creds']);
      assert.equal(immutable, true);
    }
    assert.equal(new Set(secrets.map(({ data }) => data['user.creds'])).size, 3);
    await endAll('a', pods);
    await gone('a');
    context.diagnostic(`3 attempts, answers to creates: ${answers('a').join(', ')}`);
    assert.deepEqual(answers('a'), [201, 201, 201]);
  });

  test('F8 whoever leads next writes no Secret for a pod that runs', async (context) => {
    await makeNamespace(rig.client, 'b');
    await rig.run('b', WAIT, THREE);
    const pods = await podsRun(rig.client, 'b', 3);
    await rig.restartProgram();
    // Its turn for the running ones came before its turn for this one.
    await makeNamespace(rig.client, 'b2');
    await rig.run('b2', WAIT);
    const [later = ''] = await podsRun(rig.client, 'b2', 1);
    await endAll('b2', [later]);
    await endAll('b', pods);
    context.diagnostic(`answers to creates: ${[...answers('b'), ...answers('b2')].join(', ')}`);
    assert.deepEqual([answers('b'), answers('b2')], [[201, 201, 201], [201]]);
  });

  test('F2 F4 an API server that fails and loses answers gets one Secret per attempt all the same', async (context) => {
    const faults: Record<string, { fault: RequestFault; want: (number | undefined)[] }> = {
      c1: { fault: { kind: 'answer', status: 503 }, want: [undefined, undefined, 201] },
      c2: { fault: { kind: 'cut', point: 'before' }, want: [undefined, undefined, 201] },
      c3: { fault: { kind: 'cut', point: 'after' }, want: [201] },
    };
    for (const [namespace, { fault }] of Object.entries(faults)) {
      const path = new RegExp(`/namespaces/${namespace}/secrets`);
      rig.proxy.addRule({ match: { methods: ['POST'], path }, fault, times: 2 });
      await makeNamespace(rig.client, namespace);
      await rig.run(namespace, WAIT);
    }
    for (const [namespace, { want }] of Object.entries(faults)) {
      await endAll(namespace, await podsRun(rig.client, namespace, 1));
      context.diagnostic(`answers of the server: ${answers(namespace).join(', ')}`);
      // Asked again or not, by the time that its pod has started: the first one counts.
      assert.deepEqual(
        answers(namespace).filter((status) => status !== 409),
        want,
      );
      await gone(namespace);
    }
  });

  test('F19 a quota without room for Secrets is told, and waited for', async () => {
    await makeNamespace(rig.client, 'd');
    const quotas = '/api/v1/namespaces/d/resourcequotas';
    await rig.client.create(quotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { 'count/secrets': '0' } },
    });
    const probe = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'probe' } };
    const path = '/api/v1/namespaces/d/secrets?dryRun=All';
    await waitFor(
      async () => (await rig.client.request('POST', path, { body: probe })).status === 403,
      { what: 'Secrets are refused' },
    );
    await rig.run('d', WAIT);
    const told = await waitFor(
      async () =>
        (await eventsOf(rig.client, 'd', 'e-00000')).find((text) => /Credentials/.test(text)),
      { what: 'the trial has the event' },
    );
    assert.match(told, /^Warning CredentialsRefused: pod e-00000-a0 waits .*exceeded quota/);
    await rig.client.remove(`${quotas}/none`);
    await endAll('d', await podsRun(rig.client, 'd', 1));
  });

  test('G13 fetching and sidecar are admitted where pods must be restricted and have limits', async () => {
    const { client } = rig;
    await makeNamespace(client, 'strict');
    await client.patch('/api/v1/namespaces/strict', 'merge-patch', {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    await client.create('/api/v1/namespaces/strict/resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'limits' },
      spec: { hard: { 'limits.cpu': '8', 'limits.memory': '8Gi' } },
    });
    await untilPodsRefused(client, 'strict');
    await rig.run('strict', REPORT, {
      trainer: { sidecar: true, args: ['-c', REPORT], resources: { cpu: '1', memory: '1Gi' } },
      data: { s3: { key: 'digits.tar' } },
    });
    const pod = await waitFor(async () => (await podsIn(client, 'strict')).items[0], {
      what: 'its pod is admitted',
    });
    const { initContainers = [], containers = [] } = pod.spec as Pod['spec'] & {
      readonly initContainers?: readonly { readonly name: string }[];
      readonly containers?: readonly { readonly name: string }[];
    };
    const names = [...initContainers, ...containers].map(({ name }) => name);
    assert.deepEqual(names, ['fetch', 'courier', 'trainer']);
    await client.remove(experimentsPath('strict', 'e'));
  });

  test('G13 the controller creates Secrets, and neither reads nor changes any', (context) => {
    const entries = rig.plane.auditEntries();
    const used = usedGrants(entries, ACCOUNT).filter((grant) => / secrets$/.test(grant));
    const forbidden = entries.filter(({ user, code, resource }) => {
      return user === ACCOUNT && code === 403 && resource !== 'secrets';
    });
    context.diagnostic(`of Secrets: ${used.join(', ')}; forbidden: ${forbidden.length}`);
    assert.deepEqual([used, forbidden], [['create secrets'], []]);
  });
});
