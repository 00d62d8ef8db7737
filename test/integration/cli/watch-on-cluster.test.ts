import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import { LABEL } from '@espalier/api';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { goneEvent } from '../../kit/fault-rules.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  experimentsPath,
  makeNamespace,
  trialsPath,
} from '../k8s/objects.ts';
import { Sandbox, type Started } from './sandbox.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';

const NAMESPACE = 'team';
const SMALL = { columns: 80, rows: 24 };
const LARGE = { columns: 200, rows: 50 };
/** How long a slow server takes for each answer. */
const SLOW_MS = process.env['ESPALIER_TEST_ALL'] === '1' ? 10_000 : 1500;

describe('watch on a cluster', { skip: whyNoTools(), concurrency: 3 }, () => {
  const cluster = useCluster({
    label: 'cli-watch',
    nodes: false,
    users: [{ name: 'reader', groups: [] }],
  });

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await makeNamespace(plane.client, NAMESPACE);
    await plane.kubectl(
      'create role reader --verb=get,list --resource=experiments,trials -n team'.split(' '),
    );
    await plane.kubectl('create rolebinding reader --role=reader --user=reader -n team'.split(' '));
  });

  /** A running Experiment with so many running Trials, and a way to it that can be spoilt. */
  async function sweep(t: TestContext, name: string, trials: number): Promise<FaultProxy> {
    const { client } = cluster.plane;
    const { metadata } = await createExperiment(client, NAMESPACE, name, { trials: { max: 9 } });
    await setExperiment(name, { phase: 'Running', progress: '0/9' });
    const owner = {
      ...{ apiVersion: 'espalier.dev/v1alpha1', kind: 'Experiment', name, uid: metadata.uid },
      ...{ controller: true, blockOwnerDeletion: true },
    };
    for (let index = 0; index < trials; index++) {
      await client.create(trialsPath(NAMESPACE), {
        apiVersion: 'espalier.dev/v1alpha1',
        kind: 'Trial',
        metadata: {
          name: `${name}-0000${index}`,
          namespace: NAMESPACE,
          labels: { [LABEL.experiment]: name },
          ownerReferences: [owner],
        },
        spec: {
          ...{ index, configuration: index, replicate: 0, algorithm: 'random@1' },
          parameters: [{ name: 'lr', float: 0.01 * (index + 1) }],
        },
      });
      await setTrial(name, index, { phase: 'Running' });
    }
    const proxy = await startKubeProxy(cluster.plane);
    t.after(() => proxy.close());
    return proxy;
  }

  const setExperiment = (name: string, status: object) =>
    cluster.plane.client.patch(`${experimentsPath(NAMESPACE, name)}/status`, 'merge-patch', {
      status,
    });
  const setTrial = (name: string, index: number, status: object) =>
    cluster.plane.client.patch(
      `${trialsPath(NAMESPACE, `${name}-0000${index}`)}/status`,
      'merge-patch',
      { status },
    );
  /** What a controller writes while a trial goes on. */
  const reports = (name: string, index: number, epoch: number, value: number) =>
    setTrial(name, index, {
      observation: {
        ...{ value: 0.9, step: 100, epoch: 1 },
        ...{ lastValue: value, lastStep: epoch * 100, lastEpoch: epoch },
      },
    });

  function words(proxy: FaultProxy, user: string, line: string): readonly string[] {
    const { plane } = cluster;
    const server = { url: proxy.url, ca: plane.ca };
    const kubeconfig = plane.writeKubeconfig(`${user}-${proxy.port}`, plane.token(user), server);
    return [...line.split(' '), '--kubeconfig', kubeconfig, '-n', NAMESPACE];
  }

  function watching(
    t: TestContext,
    proxy: FaultProxy,
    line: string,
    options: TerminalOptions = SMALL,
  ): Terminal {
    const terminal = new Terminal(new Sandbox(t), words(proxy, 'admin', line), options);
    t.after(() => terminal.close());
    return terminal;
  }

  const piped = (t: TestContext, proxy: FaultProxy, user: string, line: string): Started =>
    new Sandbox(t).start(words(proxy, user, line));

  const streams = (proxy: FaultProxy) => proxy.requests.filter(({ isWatch }) => isWatch).length;

  for (const size of [SMALL, LARGE]) {
    test(`U a change shows at ${size.columns}x${size.rows} without asking, and the end is read whole`, async (t) => {
      const name = `wide${size.columns}`;
      const proxy = await sweep(t, name, 3);
      const terminal = watching(t, proxy, `watch ${name}`, size);
      const { screen } = terminal;
      await terminal.until(new RegExp(`^${name}  Running  0/9 done  3 running`, 'm'));
      assert.equal(screen.isCursorVisible, false);
      for (let epoch = 1; epoch <= 8; epoch++) {
        await reports(name, 1, epoch, epoch / 10);
        await terminal.until(new RegExp(`00001 +Running .*\\b${epoch}\\b.* 0\\.${epoch}000`, 'm'));
      }
      terminal.resize(48, 12);
      await terminal.until(/^.{0,48}$/m);
      await terminal.until(/too narrow for: /);
      terminal.resize(size.columns, size.rows);
      await setTrial(name, 1, { phase: 'Succeeded' });
      await setExperiment(name, { phase: 'Succeeded', progress: '1/9', message: 'all is done' });
      assert.equal(await terminal.exitCode(), 0, screen.text());
      assert.match(screen.text(), new RegExp(`^${name}-00001 +Succeeded .*0\\.9000`, 'm'));
      assert.match(screen.text(), new RegExp(`^${name} Succeeded: all is done$`, 'm'));
      assert.doesNotMatch(screen.text(), / elapsed|TREND/);
      assert.deepEqual([screen.isCursorVisible, screen.flickers, screen.wraps], [true, 0, 0]);
      assert.ok(screen.colours > 0);
      // One look, two lists, two streams, and the end: the Experiment twice, its Trials once.
      const asked = proxy.requests.map(({ path }) => path);
      assert.ok(asked.length <= 8, asked.join('\n'));
      t.diagnostic(`${screen.redraws} frames of 10 changes, ${asked.length} requests`);
    });
  }

  test('U F6 a forgotten history and a cut stream are nobody’s concern, a server that is away is', async (t) => {
    const proxy = await sweep(t, 'away', 2);
    proxy.addRule({
      match: { watch: true, path: /trials/ },
      fault: { kind: 'inject-event', afterEvents: 1, event: goneEvent(), close: true },
      times: 1,
    });
    const terminal = watching(t, proxy, 'watch away');
    await terminal.until(/2 running/);
    await reports('away', 0, 1, 0.1);
    await terminal.until(/00000 .* 0\.1000/);
    await reports('away', 0, 2, 0.2);
    await terminal.until(/00000 .* 0\.2000/);
    await waitFor(() => streams(proxy) === 3, { what: 'the forgotten stream is another one' });
    assert.doesNotMatch(terminal.output, /trying again/);

    const back = proxy.addRule({ match: {}, fault: { kind: 'cut', point: 'before' } });
    proxy.cutAll();
    await reports('away', 1, 1, 0.3);
    await terminal.until(/^cannot watch .*team/m);
    assert.match(terminal.screen.text(), /00000 .* 0\.2000/, 'the last picture stays');
    back();
    await terminal.until(/00001 .* 0\.3000/);
    await waitFor(() => !terminal.screen.text().includes('cannot watch'), {
      what: 'the notice goes',
    });
    assert.deepEqual([terminal.screen.flickers, terminal.screen.wraps], [0, 0]);
    terminal.ctrlC();
    assert.equal(await terminal.exitCode(), 130);
    assert.match(terminal.screen.text(), /^away goes on; look again with: espalier watch away/m);
    assert.equal(terminal.screen.isCursorVisible, true);
  });

  test(`U a server that takes ${SLOW_MS} ms for each answer is waited for`, async (t) => {
    const proxy = await sweep(t, 'slow', 1);
    proxy.addRule({ match: {}, fault: { kind: 'delay', point: 'before', ms: SLOW_MS } });
    const terminal = watching(t, proxy, 'watch slow');
    await terminal.until(/1 running/, 120_000);
    await waitFor(() => streams(proxy) === 2, { what: 'both streams are asked for' });
    await setExperiment('slow', { phase: 'Failed' });
    assert.equal(await terminal.exitCode(), 4);
    assert.doesNotMatch(terminal.output, /trying again/);
  });

  test('U who may not watch is told, and sees the end all the same; JSON lines have it last', async (t) => {
    const proxy = await sweep(t, 'poor', 1);
    const plain = piped(t, proxy, 'reader', 'watch poor');
    const lines = piped(t, proxy, 'admin', 'watch poor --json');
    const denied = /it needs the verb watch on \w+\.espalier\.dev in that namespace; looking every/;
    await waitFor(() => denied.test(plain.stderr) && /poor-00000 {2}started/.test(plain.stderr), {
      what: 'it is told, and seen',
    });
    await waitFor(() => /"trial-started"/.test(lines.stdout), { what: 'a line is out at once' });
    await setTrial('poor', 0, { phase: 'Failed', reason: 'ProgramError', message: 'no column y' });
    await setExperiment('poor', { phase: 'Cancelled' });
    assert.equal((await plain.ended).exitCode, 5);
    const { exitCode, stdout, stderr } = await lines.ended;
    assert.deepEqual([exitCode, stderr], [5, '']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['phase', 'trial-started', 'trial-ended', 'phase', 'end'],
    );
    assert.equal(events.at(-1).exitCode, 5);
  });

  test('U an Experiment that is deleted ends its watch', async (t) => {
    const proxy = await sweep(t, 'gone', 1);
    const terminal = watching(t, proxy, 'watch gone', LARGE);
    await terminal.until(/1 running/);
    await cluster.plane.client.remove(experimentsPath(NAMESPACE, 'gone'));
    assert.equal(await terminal.exitCode(), 3);
    assert.match(terminal.screen.text(), /gone vanished while it ran/);
    assert.equal(terminal.screen.isCursorVisible, true);
  });
});
