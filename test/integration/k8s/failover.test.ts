import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { usedGrants } from '../../kit/audit-log.ts';
import {
  CONTROLLER_ACCOUNT,
  CONTROLLER_NAMESPACE,
  installControllerAccount,
} from '../../kit/controller-account.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { FaultRule } from '../../kit/fault-rules.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  scriptPods,
  trialsIn,
} from './objects.ts';
import { bearerAccess, type Program, startProgram } from './program.ts';

const SYSTEM = CONTROLLER_NAMESPACE;
const ACCOUNT = `system:serviceaccount:${SYSTEM}:${CONTROLLER_ACCOUNT}`;

/** Granted for clusters or faults that this suite does not have. */
const UNUSED: Record<string, string> = {
  'update espalier.dev/experiments/finalizers': 'OwnerReferencesPermissionEnforcement',
  'update espalier.dev/trials/finalizers': 'OwnerReferencesPermissionEnforcement',
  'get espalier.dev/experiments': 'after a conflict',
  'get espalier.dev/trials': 'after a conflict or a lost answer',
  'get pods': 'after a conflict or a lost answer',
  'create secrets': 'NATS; used in secrets.test.ts',
  'get pods/log': 'an object store; used in logs.test.ts',
  'patch events.k8s.io/events': 'for an event that repeats over half a minute',
};

describe('two controllers with the rights of manifests/rbac', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'failover', audit: true });
  const proxies: FaultProxy[] = [];
  const programs: Program[] = [];
  const script: FaultRule = scriptPods((pod) => ({
    message: lastWords(Number(/-(\d{5})-/.exec(pod)?.[1]) / 100),
    runFor: '300ms',
  }));

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await installControllerAccount(plane);
    const token = await plane.serviceAccountToken(SYSTEM, CONTROLLER_ACCOUNT);
    for (const identity of ['a', 'b']) {
      const proxy = await startKubeProxy(plane, { rules: [script] });
      proxies.push(proxy);
      const program = startProgram(bearerAccess(plane, proxy.url, token), {
        identity,
        lease: {
          namespace: SYSTEM,
          name: 'espalier-controller',
          durationMs: 2_000,
          renewDeadlineMs: 1_200,
          retryPeriodMs: 250,
        },
      });
      programs.push(program);
      await program.controller.ready;
      if (identity === 'a') await leads(program);
    }
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  function leads(program: Program): Promise<unknown> {
    return waitFor(() => program.log.lines.some(({ message }) => message === 'leading'), {
      what: 'it leads',
    });
  }

  /** How often a pod of each name was really created, by either. */
  function creations(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { method, path, body, serverStatus } of proxies.flatMap((proxy) => proxy.writes)) {
      if (method !== 'POST' || !path.endsWith('/pods') || serverStatus !== 201) continue;
      const { name, namespace } = (JSON.parse(body) as { metadata: Record<string, string> })
        .metadata;
      counts.set(`${namespace}/${name}`, (counts.get(`${namespace}/${name}`) ?? 0) + 1);
    }
    return counts;
  }

  test('G1 G9 F8 U25 the leader hangs in the middle: the other one takes over and counts on', async (context) => {
    const { client } = cluster.plane;
    const [first, second] = programs as [Program, Program];
    const [link] = proxies as [FaultProxy];
    await makeNamespace(client, 'f');
    await createExperiment(client, 'f', 'e', { trials: { max: 12, parallel: 3 } });
    await waitFor(async () => (await trialsIn(client, 'f')).length >= 5, {
      what: 'it is on its way',
    });
    // Everything the leader sends stands still, and arrives after the other one has taken over.
    const gate = createGate();
    link.addRule({ match: {}, fault: { kind: 'hold', point: 'before', gate } });
    await leads(second);
    gate.open();
    await assert.rejects(first.controller.done, /lease was lost/);
    const ended = await experimentEnded(client, 'f', 'e');
    assert.equal(ended.status?.phase, 'Succeeded');
    assert.equal(ended.status?.best?.trial, 'e-00011');
    const trials = await trialsIn(client, 'f');
    assert.equal(trials.length, 12);
    for (const { status, metadata } of trials) {
      assert.equal(status?.phase, 'Succeeded', metadata.name);
      assert.equal(status?.attempts.length, 1, metadata.name);
    }
    const created = creations();
    const twice = [...created].filter(([, times]) => times > 1);
    context.diagnostic(`${created.size} pods created, ${twice.length} twice`);
    assert.equal(created.size, 12);
    assert.deepEqual(twice, []);
  });

  test('no request of the suite was forbidden, and no right is without use', async (context) => {
    const { client } = cluster.plane;
    await createExperiment(client, 'f', 'short', { ttlSecondsAfterFinished: 0 });
    await waitFor(
      async () => (await client.request('GET', experimentsPath('f', 'short'))).status === 404,
      { what: 'it ran and was removed by its TTL' },
    );
    const entries = cluster.plane.auditEntries();
    const forbidden = entries.filter(({ user, code }) => user === ACCOUNT && code === 403);
    assert.deepEqual(forbidden, []);
    const granted = await grants();
    const used = new Set(usedGrants(entries, ACCOUNT));
    const unused = granted.filter((grant) => !used.has(grant));
    context.diagnostic(`${granted.length} rights granted, unused: ${unused.join('; ')}`);
    assert.deepEqual(
      unused.filter((grant) => UNUSED[grant] === undefined),
      [],
    );
    assert.deepEqual(
      [...used].filter((grant) => !granted.includes(grant) && !grant.includes('selfsubject')),
      [],
    );
  });

  async function grants(): Promise<string[]> {
    const roles = [
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/espalier-controller',
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${SYSTEM}/roles/espalier-controller-lease`,
    ];
    const found = await Promise.all(roles.map((path) => cluster.plane.client.get(path)));
    const rules = found.flatMap(
      (role) =>
        (
          role as unknown as {
            rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
          }
        ).rules,
    );
    return rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => `${verb} ${group === '' ? '' : `${group}/`}${resource}`),
        ),
      ),
    );
  }
});
