import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { freePort } from '../../kit/free-port.ts';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  lastWords,
  makeNamespace,
  scriptPods,
  trialsIn,
} from './objects.ts';

const main = join(import.meta.dirname, '../../../controller/src/main.ts');

interface Replica {
  readonly process: OwnProcess;
  readonly url: string;
}

describe('the controller as a program', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'main' });
  let proxy: FaultProxy;
  const replicas: Replica[] = [];

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    proxy = await startKubeProxy(plane, {
      rules: [scriptPods(() => ({ message: lastWords(0.5), runFor: '300ms' }))],
    });
  });
  after(async () => {
    for (const { process } of replicas) await process.kill();
    await proxy?.close();
  });

  async function startReplica(name: string): Promise<Replica> {
    const { plane } = cluster;
    const kubeconfig = plane.writeKubeconfig(name, plane.token('admin'), {
      url: proxy.url,
      ca: plane.ca,
    });
    const port = await freePort();
    const process = await startProcess({
      name,
      command: globalThis.process.execPath,
      args: [
        '--conditions=@espalier/source',
        main,
        `--kubeconfig=${kubeconfig}`,
        '--trainer-image=localhost/trainer:1',
        '--lease-duration=2s',
        '--renew-deadline=1200ms',
        '--retry-period=250ms',
        '--http-host=127.0.0.1',
        `--http-port=${port}`,
      ],
      logFile: plane.folder.file(`${name}.log`),
    });
    const replica = { process, url: `http://127.0.0.1:${port}` };
    replicas.push(replica);
    await waitFor(async () => (await fetch(`${replica.url}/readyz`)).status === 200, {
      what: `${name} is ready`,
      unless: () => (process.end === undefined ? undefined : process.tail()),
    });
    return replica;
  }

  const leads = async ({ url }: Replica): Promise<boolean> =>
    /^espalier_leader 1$/m.test(await (await fetch(`${url}/metrics`)).text());

  function podCreations(): string[] {
    return proxy.writes
      .filter(
        ({ method, path, serverStatus }) =>
          method === 'POST' && path.endsWith('/pods') && serverStatus === 201,
      )
      .map(({ body }) => (JSON.parse(body) as { metadata: { name: string } }).metadata.name);
  }

  test('F8 G1 a leader that is stopped for longer than its lease does no harm when it wakes', async (context) => {
    const { client } = cluster.plane;
    await makeNamespace(client, 'stop');
    const first = await startReplica('first');
    await waitFor(() => leads(first), { what: 'the first one leads' });
    const second = await startReplica('second');
    await createExperiment(client, 'stop', 'e', { trials: { max: 20, parallel: 4 } });
    await waitFor(async () => (await trialsIn(client, 'stop')).length >= 6, {
      what: 'it is on its way',
      pauseMs: 5,
    });
    first.process.pause();
    await waitFor(() => leads(second), { what: 'the second one leads', timeoutMs: 10_000 });
    await sleep(500);
    first.process.resume();
    assert.equal((await first.process.ended).exitCode, 1);
    const ended = await experimentEnded(client, 'stop', 'e');
    assert.equal(ended.status?.configurations?.completed, 20);
    const created = podCreations();
    context.diagnostic(`${created.length} pods created, ${new Set(created).size} names`);
    assert.equal(created.length, 20);
    assert.equal(new Set(created).size, 20);
    for (const { status } of await trialsIn(client, 'stop')) {
      assert.equal(status?.attempts.length, 1);
    }
  });

  test('G9 a leader that is killed in the middle is replaced by the next start', async (context) => {
    const { client } = cluster.plane;
    await makeNamespace(client, 'kill');
    const leader = replicas[1] as Replica;
    const before = podCreations().length;
    await createExperiment(client, 'kill', 'e', { trials: { max: 12, parallel: 3 } });
    await waitFor(async () => (await trialsIn(client, 'kill')).length >= 5, {
      what: 'it is on its way',
      pauseMs: 5,
    });
    await leader.process.kill();
    await startReplica('third');
    const ended = await experimentEnded(client, 'kill', 'e');
    assert.equal(ended.status?.configurations?.completed, 12);
    const created = podCreations().slice(before);
    context.diagnostic(`${created.length} pods created, ${new Set(created).size} names`);
    assert.equal(created.length, 12);
  });

  test('the page of metrics has what the Experiments add up to', async () => {
    const { url } = replicas.at(-1) as Replica;
    const page = await (await fetch(`${url}/metrics`)).text();
    const labels = 'namespace="kill",experiment="e"';
    for (const line of [
      `espalier_experiment_phase{${labels},phase="Succeeded"} 1`,
      `espalier_experiment_configurations{${labels},state="completed"} 12`,
      `espalier_experiment_trials{${labels},phase="Succeeded"} 12`,
      `espalier_experiment_best_value{${labels}} 0.5`,
      `espalier_series_dropped_total{${labels}} 0`,
    ]) {
      assert.ok(page.split('\n').includes(line), line);
    }
  });

  test('SIGTERM ends it in order: the lease is free at once, exit 0', async (context) => {
    const last = replicas.at(-1) as Replica;
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${last.process.pid}/status`, 'utf8'));
    context.diagnostic(`resident: ${Math.round(Number(rss?.[1]) / 1000)} MB`);
    const began = performance.now();
    const { exitCode } = await last.process.stop();
    context.diagnostic(`ended in ${Math.round(performance.now() - began)} ms`);
    assert.equal(exitCode, 0, last.process.tail());
    const lease = await cluster.plane.client.get(
      '/apis/coordination.k8s.io/v1/namespaces/default/leases/espalier-controller',
    );
    assert.equal(
      (lease as unknown as { spec: { holderIdentity: string } }).spec.holderIdentity,
      '',
    );
  });
});
