import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LABEL, type Trial } from '@espalier/api';
import { type Answer, type Asked, refused, useApiServer } from '../testing/api-server.ts';
import { espalier, FakeSignals } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment, trialView } from '../testing/objects.ts';

const DIGITS = experiment({ namespace: 'team', status: { phase: 'Running' } });
const ITSELF = { name: 'digits', uid: 'uid-digits', controller: true, kind: 'Experiment' };

/** The Trial as the server has it. */
function owned(trial: Trial, version = '1'): object {
  const { apiVersion, ...owner } = { apiVersion: 'espalier.dev/v1alpha1', ...ITSELF };
  return {
    ...trial,
    metadata: {
      ...trial.metadata,
      namespace: 'team',
      resourceVersion: version,
      labels: { [LABEL.experiment]: 'digits' },
      ownerReferences: [{ apiVersion, ...owner }],
    },
  };
}

const running = (number = 0) =>
  trialView(0, { status: { phase: 'Running', attempts: [{ number }] } }).trial;

/** A cluster with these Trials, in which each pod's log is what `logs` says. */
function logsOf(
  t: TestContext,
  trials: () => readonly object[],
  logs: (pod: string, asked: Asked) => Answer,
) {
  return useApiServer(t, (asked) => {
    const { path } = asked;
    const [, pod] = /\/pods\/([^/]+)\/log$/.exec(path) ?? [];
    if (pod !== undefined) return logs(pod, asked);
    if (path.endsWith('/experiments/digits')) return { code: 200, body: DIGITS };
    if (path.endsWith('/trials')) {
      return { code: 200, body: { metadata: { resourceVersion: '8' }, items: trials() } };
    }
    return path.endsWith('/experiments')
      ? { code: 200, body: { metadata: { resourceVersion: '8' }, items: [DIGITS] } }
      : refused(404, 'NotFound', `no ${path}`);
  });
}

const GONE = refused(404, 'NotFound', 'pods not found');

test('the log of a trial is what its pod printed; of an Experiment with the index before each line', async (t) => {
  const { kubeconfig, asked } = await logsOf(
    t,
    () => [owned(running()), owned(trialView(1, { status: { phase: 'Running' } }).trial)],
    (pod) => ({ code: 200, body: `epoch 1 of ${pod}\nepoch 2\n` }),
  );
  const on = ['--kubeconfig', kubeconfig];
  const one = await espalier(['logs', 'digits-00000', ...on], new FakeEngine());
  assert.equal(one.exitCode, 0, one.stderr);
  assert.equal(one.stdout, 'epoch 1 of digits-00000-a0\nepoch 2\n');
  const log = asked.find(({ path }) => path.endsWith('/log'));
  assert.equal(log?.query.get('container'), 'trainer');
  const all = await espalier(['logs', 'digits', ...on], new FakeEngine());
  assert.deepEqual(all.stdout.split('\n'), [
    '[00000] epoch 1 of digits-00000-a0',
    '[00000] epoch 2',
    '[00001] epoch 1 of digits-00001-a0',
    '[00001] epoch 2',
    '',
  ]);
});

test('-f goes from attempt to attempt and ends with the trial', async (t) => {
  let ended = 0;
  const attempts = [
    { number: 0, outcome: 'Disrupted' as const },
    { number: 1, outcome: 'Succeeded' as const },
  ];
  const { kubeconfig } = await logsOf(
    t,
    () => {
      if (ended === 0) return [owned(running(), '1')];
      if (ended === 1) return [owned(running(1), '2')];
      return [owned(endedTrial(0, 0.9, { status: { attempts } }).trial, '3')];
    },
    (pod) => {
      ended++;
      return { code: 200, body: `of ${pod}\n` };
    },
  );
  const ran = await espalier(
    ['logs', 'digits-00000', '-f', '--kubeconfig', kubeconfig],
    new FakeEngine(),
  );
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, 'of digits-00000-a0\nof digits-00000-a1\n');
  assert.equal(ran.stderr, '--- attempt 1 of digits-00000 ---\n');
});

test('a stream that the server ends is taken up where it was', async (t) => {
  const WHOLE = 'epoch 1\nepoch 2 \u{1f333}\nepoch 3\n';
  let looks = 0;
  const { kubeconfig } = await logsOf(
    t,
    () => [owned(looks < 2 ? running() : endedTrial(0, 0.9).trial, String(looks))],
    () => {
      looks++;
      return { code: 200, body: WHOLE.slice(0, looks < 3 ? 10 + 5 * looks : undefined) };
    },
  );
  const ran = await espalier(
    ['logs', 'digits-00000', '-f', '--kubeconfig', kubeconfig],
    new FakeEngine(),
  );
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, WHOLE);
  assert.equal(looks, 3);
});

test('a server that is away for a moment does not end -f, and no line comes twice', async (t) => {
  let looks = 0;
  const { kubeconfig } = await logsOf(
    t,
    () => [owned(endedTrial(0, 0.9).trial)],
    () => {
      looks++;
      return looks === 1
        ? refused(503, 'ServiceUnavailable', 'away')
        : { code: 200, body: 'once\n' };
    },
  );
  const ran = await espalier(
    ['logs', 'digits-00000', '-f', '--kubeconfig', kubeconfig],
    new FakeEngine(),
  );
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, 'once\n');
  assert.equal(looks, 2);
});

test('Ctrl-C leaves -f quietly', async (t) => {
  const signals = new FakeSignals();
  const { kubeconfig } = await logsOf(
    t,
    () => [owned(running())],
    () => {
      signals.send('SIGINT');
      return { code: 200, body: 'epoch 1\n' };
    },
  );
  const words = ['logs', 'digits-00000', '-f', '--kubeconfig', kubeconfig];
  const ran = await espalier(words, new FakeEngine(), { signals });
  assert.equal(ran.exitCode, 130);
  assert.equal(ran.stderr, '');
});

const NOTHING = {
  'its pod has not started': [
    running(),
    refused(400, 'BadRequest', 'container "trainer" is waiting to start'),
    /digits-00000 has printed nothing yet: its pod has not started\n.*-f waits for it/,
  ],
  'its pod is gone and nobody says where logs are kept': [
    endedTrial(0, 0.9, { status: { attempts: [{ number: 0, outcome: 'Succeeded' }] } }).trial,
    GONE,
    /nothing says where its log is kept\n.*--bucket/,
  ],
} as const;
for (const [name, [trial, answer, said]] of Object.entries(NOTHING)) {
  test(`no log, and why: ${name}`, async (t) => {
    const { kubeconfig } = await logsOf(
      t,
      () => [owned(trial)],
      () => answer,
    );
    const ran = await espalier(
      ['logs', 'digits-00000', '--kubeconfig', kubeconfig],
      new FakeEngine(),
    );
    assert.equal(ran.exitCode, 3);
    assert.match(ran.stderr, said);
  });
}

test('U an attempt that has not been is told from one that has printed nothing', async (t) => {
  const { kubeconfig } = await logsOf(
    t,
    () => [owned(running())],
    () => GONE,
  );
  const words = ['logs', 'digits-00000', '--attempt', '7', '--kubeconfig', kubeconfig];
  const ran = await espalier(words, new FakeEngine());
  assert.equal(ran.exitCode, 3);
  assert.match(ran.stderr, /digits-00000 has had no attempt 7 yet\n.*espalier get digits-00000/);
});

test('a missing right is named', async (t) => {
  const { kubeconfig } = await logsOf(
    t,
    () => [owned(running())],
    () => refused(403, 'Forbidden', 'User "u" cannot get resource "pods/log"'),
  );
  const ran = await espalier(
    ['logs', 'digits-00000', '--kubeconfig', kubeconfig],
    new FakeEngine(),
  );
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /it needs the verb get on pods\/log in that namespace/);
});
