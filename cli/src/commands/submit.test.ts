import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Answer, type Asked, refused, useApiServer } from '../testing/api-server.ts';
import { espalier, type Ran } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';

const MANIFEST = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: digits }
spec:
  objective: { metric: valid_acc, goal: maximize }
  parameters:
    - { name: lr, float: { min: 1.0e-5, max: 1.0e-2, scale: log } }
`;
const PATH = '/apis/espalier.dev/v1alpha1/namespaces/team/experiments/digits';

/** A server with at most one Experiment: its generation grows as its spec changes. */
function server(phase?: string) {
  let object: { metadata: { generation: number }; spec: object } | undefined;
  return ({ method, path, query, body }: Asked): Answer => {
    if (path !== PATH) return refused(404, 'NotFound', `no ${path}`);
    if (method === 'GET' && object === undefined) return refused(404, 'NotFound', 'no digits');
    if (method === 'GET') return { code: 200, body: object };
    const { metadata, spec, ...rest } = JSON.parse(body);
    const isSame = JSON.stringify(object?.spec) === JSON.stringify(spec);
    const generation = (object?.metadata.generation ?? 0) + (isSame ? 0 : 1);
    const next = {
      ...rest,
      metadata: { ...metadata, uid: 'u', resourceVersion: '7', generation },
      spec,
      ...(phase === undefined ? {} : { status: { phase } }),
    };
    if (query.get('dryRun') !== 'All') object = next;
    return { code: 200, body: next };
  };
}

async function sandbox(t: TestContext, answer: (asked: Asked) => Answer) {
  const { kubeconfig, dir, asked } = await useApiServer(t, answer);
  const file = join(dir, 'digits.yaml');
  writeFileSync(file, MANIFEST);
  const submit = (...words: string[]): Promise<Ran> =>
    espalier(['submit', '-f', file, '--kubeconfig', kubeconfig, ...words], new FakeEngine());
  return { submit, asked, file };
}

test('F27 submitting creates once, and again changes nothing but what the file changed', async (t) => {
  const { submit, asked, file } = await sandbox(t, server());
  const first = await submit();
  assert.equal(first.exitCode, 0, first.stderr);
  assert.equal(first.stdout, 'experiment.espalier.dev/digits created\n');
  assert.match(first.stderr, /look with: espalier watch digits/);
  assert.deepEqual(
    asked.map(({ method, query }) => `${method} ${query.get('dryRun') ?? ''}`),
    ['GET ', 'PATCH All', 'PATCH '],
  );
  const sent = JSON.parse(asked[2]?.body ?? '');
  assert.deepEqual(sent.metadata, { name: 'digits', namespace: 'team' });
  assert.deepEqual(Object.keys(sent.spec), ['objective', 'parameters'], 'no default of ours');
  assert.equal((await submit()).stdout, 'experiment.espalier.dev/digits unchanged\n');
  writeFileSync(file, `${MANIFEST}  trials: { max: 9 }\n`);
  assert.equal((await submit()).stdout, 'experiment.espalier.dev/digits configured\n');
});

test('a dry run asks the server and changes nothing', async (t) => {
  const { submit, asked } = await sandbox(t, server());
  const ran = await submit('--dry-run');
  assert.equal(ran.stdout, 'experiment.espalier.dev/digits created (server dry run)\n');
  assert.ok(asked.every(({ method, query }) => method === 'GET' || query.get('dryRun') === 'All'));
});

test('what has ended is not run again, and that is said', async (t) => {
  const { submit } = await sandbox(t, server('Failed'));
  await submit();
  const ran = await submit();
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stderr, /has ended already \(Failed\); to run it again, delete it or rename it/);
});

test('--wait exits as the Experiment ends', async (t) => {
  const answer = server('Failed');
  const list = (...items: unknown[]) => ({
    code: 200,
    body: { metadata: { resourceVersion: '8' }, items },
  });
  const { submit } = await sandbox(t, (asked) => {
    if (asked.path.endsWith('/trials')) return list();
    if (!asked.path.endsWith('/experiments')) return answer(asked);
    return list(answer({ ...asked, path: `${asked.path}/digits` }).body);
  });
  const ran = await submit('--wait');
  assert.equal(ran.exitCode, 4, ran.stderr);
  assert.match(ran.stderr, /digits Failed/);
});

test('nothing is sent if the file is wrong, the namespaces differ or no cluster is named', async (t) => {
  const { submit, asked, file } = await sandbox(t, server());
  writeFileSync(file, MANIFEST.replace('maximize', 'maximise'));
  const wrong = await submit();
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /digits\.yaml:5:\d+: .*maximi[sz]e/);
  writeFileSync(file, MANIFEST.replace('name: digits', 'name: digits, namespace: mine'));
  const differs = await submit('-n', 'yours');
  assert.equal(differs.exitCode, 2);
  assert.match(differs.stderr, /the manifest says namespace mine, the command says yours/);
  const nowhere = await espalier(['submit', '-f', file], new FakeEngine());
  assert.equal(nowhere.exitCode, 2);
  assert.match(nowhere.stderr, /no cluster is named\n.*--cluster.*\n.*espalier run -f/);
  assert.deepEqual(asked, []);
});

const REFUSALS = {
  'a conflict names the way out': [
    refused(409, 'Conflict', 'conflict with "kubectl-edit": .spec.trials.max'),
    7,
    /kubectl-edit[\s\S]*--force/,
  ],
  'a used up quota': [
    refused(403, 'Forbidden', 'exceeded quota: few, used: 1, limited: 1'),
    1,
    /ResourceQuota is used up: kubectl describe quota -n team/,
  ],
  'a missing right is named': [
    refused(403, 'Forbidden', 'User "u" cannot create resource "experiments" in API group'),
    1,
    /it needs the verb create on experiments\.espalier\.dev/,
  ],
  'a rule of admission': [
    refused(403, 'Forbidden', 'admission webhook "x" denied the request: no team label'),
    1,
    /no team label; a rule of the cluster refuses it/,
  ],
  'a namespace that is not there': [
    refused(404, 'NotFound', 'namespaces "team" not found'),
    3,
    /there is no namespace team on/,
  ],
  'CRDs that are older than this program': [
    refused(
      500,
      '',
      'failed to create typed patch object: .spec.enqueue: field not declared in schema',
    ),
    2,
    /its CRDs do not have every field/,
  ],
} as const;
for (const [name, [answer, exitCode, said]] of Object.entries(REFUSALS)) {
  test(`a refusal says what to do: ${name}`, async (t) => {
    const { submit } = await sandbox(t, ({ method }) =>
      method === 'GET' ? refused(404, 'NotFound', 'no digits') : answer,
    );
    const ran = await submit();
    assert.equal(ran.exitCode, exitCode, ran.stderr);
    assert.match(ran.stderr, said);
    assert.equal(ran.stdout, '');
  });
}
