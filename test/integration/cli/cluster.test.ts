import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  scriptPods,
  trialsIn,
} from '../k8s/objects.ts';
import { type Program, startProgram, tokenAccess } from '../k8s/program.ts';
import { Sandbox } from './sandbox.ts';

const NAMESPACE = 'team';
const indexOf = (pod: string): number => Number(/-(\d{5})-a\d+$/.exec(pod)?.[1]);

describe('espalier on a cluster', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'cli-cluster' });
  let proxy: FaultProxy;
  let program: Program;
  let kubeconfig = '';

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await makeNamespace(plane.client, NAMESPACE);
    await makeNamespace(plane.client, 'empty');
    proxy = await startKubeProxy(plane, {
      rules: [
        scriptPods((pod) =>
          pod.startsWith('long')
            ? { runFor: '1h' }
            : { message: lastWords(indexOf(pod) / 100), runFor: '100ms' },
        ),
      ],
    });
    program = startProgram(tokenAccess(plane, proxy.url));
    await program.controller.ready;
    kubeconfig = plane.writeKubeconfig('person', plane.token('admin'));
    await createExperiment(plane.client, NAMESPACE, 'done', { trials: { max: 3, parallel: 2 } });
    await createExperiment(plane.client, NAMESPACE, 'long', { trials: { max: 9, parallel: 2 } });
    await experimentEnded(plane.client, NAMESPACE, 'done');
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
  });

  const espalier = (t: TestContext, words: string, namespace = NAMESPACE) =>
    new Sandbox(t).start([...words.split(' '), '--kubeconfig', kubeconfig, '-n', namespace], {})
      .ended;

  test('U list, get, trials and events show there what they show of a folder', async (t) => {
    const list = await espalier(t, 'list');
    assert.equal(list.exitCode, 0, list.stderr);
    assert.match(list.stdout, /^NAME +PHASE +PROGRESS/);
    assert.match(list.stdout, /^done +Succeeded +3\/3 +0 +0\.0200 +acc/m);
    const all = await espalier(t, 'list -A -o json', 'empty');
    const { items } = JSON.parse(all.stdout);
    assert.deepEqual(
      items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ['done', 'long'],
    );
    const get = await espalier(t, 'get done-00002');
    assert.match(get.stdout, /done-00002/);
    const trials = await espalier(t, 'trials done -o name');
    assert.deepEqual(trials.stdout.trim().split('\n'), [
      'trial.espalier.dev/done-00002',
      'trial.espalier.dev/done-00001',
      'trial.espalier.dev/done-00000',
    ]);
    const events = await waitFor(
      async () => {
        const ran = await espalier(t, 'events done');
        return /MaxTrialsReached|Succeeded/.test(ran.stdout) ? ran : undefined;
      },
      { what: 'the event of its end is told' },
    );
    assert.match(events.stdout, /^LAST SEEN +TYPE +REASON/);
    assert.doesNotMatch(events.stdout, /long/);
  });

  test('U a picture is drawn from what the cluster knows', async (t) => {
    const ran = await espalier(t, 'plot history done');
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /3 trials with a value; the best acc is 0\.0200/);
  });

  test('U pause, resume and cancel steer it, and what has ended is not steered', async (t) => {
    const { client } = cluster.plane;
    const phase = (want: string) =>
      waitFor(
        async () => {
          const long = (await client.get(experimentsPath(NAMESPACE, 'long'))) as Experiment;
          return long.status?.phase === want;
        },
        { what: `long is ${want}` },
      );
    assert.equal((await espalier(t, 'pause long')).exitCode, 0);
    await phase('Paused');
    assert.equal((await espalier(t, 'resume long')).exitCode, 0);
    await phase('Running');
    assert.equal((await espalier(t, 'cancel long')).exitCode, 0);
    await phase('Cancelled');
    const late = await espalier(t, 'pause done');
    assert.equal(late.exitCode, 7);
    assert.match(late.stderr, /done is Succeeded and cannot change any more/);
  });

  test('U delete asks first, and takes the Trials along', async (t) => {
    const unasked = await espalier(t, 'delete long');
    assert.equal(unasked.exitCode, 2);
    assert.match(unasked.stderr, /add --yes/);
    assert.equal((await espalier(t, 'delete long --yes')).exitCode, 0);
    const { client } = cluster.plane;
    await waitFor(
      async () => {
        const names = (await trialsIn(client, NAMESPACE)).map(({ metadata }) => metadata.name);
        return names.every((name) => !name.startsWith('long'));
      },
      { what: 'its Trials are gone' },
    );
  });

  test('U what is not there is said with what is near, and where one may look', async (t) => {
    const absent = await espalier(t, 'get dune');
    assert.equal(absent.exitCode, 3);
    assert.match(
      absent.stderr,
      /no Experiment or Trial dune in namespace team\n +did you mean done\?/,
    );
    const none = await espalier(t, 'list', 'empty');
    assert.equal(none.exitCode, 0);
    assert.match(none.stderr, /no Experiments in 127\.0\.0\.1:\d+, namespace empty/);
  });
});
