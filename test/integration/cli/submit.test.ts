import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { FaultPoint } from '../../kit/fault-rules.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  experimentsPath,
  lastWords,
  makeNamespace,
  scriptPods,
} from '../k8s/objects.ts';
import { type Program, startProgram, tokenAccess } from '../k8s/program.ts';
import { Sandbox } from './sandbox.ts';

const NAMESPACE = 'team';
const IS_APPLY = /\/experiments\/[a-z]+\?(?!.*dryRun)/;

describe('espalier submit', { skip: whyNoTools(), concurrency: 2 }, () => {
  const cluster = useCluster({ label: 'cli-submit', users: [{ name: 'guest', groups: [] }] });
  let pods: FaultProxy;
  let program: Program;
  let kubeconfig = '';

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await makeNamespace(plane.client, NAMESPACE);
    const behave = (pod: string) =>
      pod.startsWith('failing') ? { exitCode: 30 } : { message: lastWords(0.5), runFor: '100ms' };
    pods = await startKubeProxy(plane, { rules: [scriptPods(behave)] });
    program = startProgram(tokenAccess(plane, pods.url));
    await program.controller.ready;
    kubeconfig = plane.writeKubeconfig('person', plane.token('admin'));
  });
  after(async () => {
    await program?.stop();
    await pods?.close();
  });

  /** A file of that name with an Experiment that never starts a trial, unless it is told to. */
  function sheet(t: TestContext, name: string, state = 'Pause') {
    const sandbox = new Sandbox(t);
    const write = (more = '') => {
      const file = join(sandbox.dir, 'sheet.yaml');
      writeFileSync(
        file,
        `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: ${name} }
spec:
  desiredState: ${state}
  objective: { metric: acc, goal: maximize }
  parameters: [{ name: lr, float: { min: 0.001, max: 0.1, scale: log } }]
${more}`,
      );
      return file;
    };
    const start = (words: readonly string[] = [], config = kubeconfig) =>
      sandbox.start(
        ['submit', '-f', 'sheet.yaml', '--kubeconfig', config, '-n', NAMESPACE, ...words],
        {},
      );
    const submit = (words: readonly string[] = [], config = kubeconfig) =>
      start(words, config).ended;
    write();
    return { write, start, submit, sandbox };
  }

  const read = async (name: string) =>
    (await cluster.plane.client.get(experimentsPath(NAMESPACE, name))) as unknown as Experiment;

  for (const point of ['before', 'after'] as const satisfies readonly FaultPoint[]) {
    test(`F27 killed ${point} the apply, the same command again is right`, async (t) => {
      const { plane } = cluster;
      const name = point === 'before' ? 'early' : 'late';
      const { start, submit } = sheet(t, name);
      const gate = createGate();
      const proxy = await startKubeProxy(plane, {
        rules: [
          { match: { methods: ['PATCH'], path: IS_APPLY }, fault: { kind: 'hold', point, gate } },
        ],
      });
      t.after(() => proxy.close());
      const through = plane.writeKubeconfig(`held-${point}`, plane.token('admin'), {
        url: proxy.url,
        ca: plane.ca,
      });
      const killed = start([], through);
      await waitFor(
        () =>
          proxy.requests.some(
            ({ method, path, serverStatus }) =>
              method === 'PATCH' &&
              IS_APPLY.test(path) &&
              (point === 'before' || serverStatus !== undefined),
          ),
        { what: 'the apply is on its way' },
      );
      killed.kill('SIGKILL');
      const { exitCode, stdout } = await killed.ended;
      gate.open();
      assert.equal(exitCode, null);
      assert.equal(stdout, '');
      const again = await submit();
      assert.equal(again.exitCode, 0, again.stderr);
      const outcome = point === 'before' ? 'created' : 'unchanged';
      assert.equal(again.stdout, `experiment.espalier.dev/${name} ${outcome}\n`);
      const { metadata } = await read(name);
      assert.equal(metadata.generation, 1);
      const third = await submit();
      assert.equal(third.stdout, `experiment.espalier.dev/${name} unchanged\n`);
      assert.equal((await read(name)).metadata.uid, metadata.uid);
    });
  }

  test('U submit changes what may change, and says what may not', async (t) => {
    const { write, submit } = sheet(t, 'edited');
    const dry = await submit(['--dry-run']);
    assert.equal(dry.stdout, 'experiment.espalier.dev/edited created (server dry run)\n');
    await assert.rejects(read('edited'));
    await submit();
    write('  trials: { max: 5 }\n');
    const changed = await submit();
    assert.equal(changed.stdout, 'experiment.espalier.dev/edited configured\n', changed.stderr);
    write('  trials: { max: 5 }\n  search: { algorithm: tpe }\n');
    const fixed = await submit();
    assert.equal(fixed.exitCode, 7, fixed.stderr);
    assert.match(fixed.stderr, /cannot write Experiment edited.*\n.*edited is there already; of a/);
    assert.equal((await read('edited')).spec.search.algorithm, 'random');
  });

  test('U what somebody else has set is a conflict, until it is taken over', async (t) => {
    const { write, submit } = sheet(t, 'shared');
    write('  trials: { max: 5 }\n');
    await submit();
    await cluster.plane.client.patch(experimentsPath(NAMESPACE, 'shared'), 'merge-patch', {
      spec: { trials: { max: 7 } },
    });
    const conflict = await submit();
    assert.equal(conflict.exitCode, 7, conflict.stderr);
    assert.match(conflict.stderr, /\.spec\.trials\.max[\s\S]*--force/);
    const forced = await submit(['--force']);
    assert.equal(forced.stdout, 'experiment.espalier.dev/shared configured\n', forced.stderr);
    assert.equal((await read('shared')).spec.trials.max, 5);
  });

  test('U a refusal of the server says what to do', async (t) => {
    const { plane } = cluster;
    const { submit } = sheet(t, 'refused');
    const guest = plane.writeKubeconfig('guest', plane.token('guest'));
    const forbidden = await submit([], guest);
    assert.equal(forbidden.exitCode, 1);
    assert.match(forbidden.stderr, /it needs the verb get on experiments\.espalier\.dev/);
    await makeNamespace(plane.client, 'full');
    const hard = { 'count/experiments.espalier.dev': '0' };
    await plane.client.create('/api/v1/namespaces/full/resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few' },
      spec: { hard },
    });
    // Its controller knows kinds of others only after half a minute; what it would find is this.
    await plane.client.patch('/api/v1/namespaces/full/resourcequotas/few/status', 'merge-patch', {
      status: { hard, used: hard },
    });
    const { sandbox } = sheet(t, 'refused');
    const words = ['submit', '-f', 'sheet.yaml', '--kubeconfig', kubeconfig, '-n'];
    const full = await waitFor(
      async () => {
        const ran = await sandbox.start([...words, 'full'], {}).ended;
        return /exceeded quota/.test(ran.stderr) ? ran : undefined;
      },
      { what: 'the quota is in force' },
    );
    assert.equal(full.exitCode, 1);
    assert.match(full.stderr, /a ResourceQuota is used up: kubectl describe quota -n full/);
    const nowhere = await sandbox.start([...words, 'nowhere'], {}).ended;
    assert.equal(nowhere.exitCode, 3);
    assert.match(nowhere.stderr, /there is no namespace nowhere on/);
  });

  test('U submit --wait shows the run over there and exits as it ended', async (t) => {
    const { submit } = sheet(t, 'quick', 'Run');
    const ran = await submit(['--wait']);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /quick created\nTRIAL [\s\S]*quick-00000 +Succeeded/);
    assert.match(ran.stderr, /quick Succeeded/);
    const failing = sheet(t, 'failing', 'Run');
    failing.write('  trials: { maxFailed: 0 }\n  attempts: { maxRetries: 0 }\n');
    const failed = await failing.submit(['--wait', '--json']);
    assert.equal(failed.exitCode, 4, failed.stderr);
    const lines = failed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(lines.at(-1).type, 'end');
    assert.equal(lines.at(-1).exitCode, 4);
    t.diagnostic(`${lines.length} lines of JSON`);
  });
});
