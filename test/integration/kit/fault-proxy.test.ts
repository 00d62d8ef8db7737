import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type ApiClient, createApiClient } from '../../kit/api-client.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { goneEvent } from '../../kit/fault-rules.ts';
import type { KubeObject, WatchEvent } from '../../kit/kube-types.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMap = (name: string, value = 'a') => ({ metadata: { name }, data: { value } });

describe('the fault proxy before an API server', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'proxy', nodes: false });
  let proxy: FaultProxy;
  let client: ApiClient;
  before(async () => {
    const { plane } = cluster;
    proxy = await startKubeProxy(plane);
    client = createApiClient(proxy.url, plane.ca, { kind: 'token', token: plane.token('admin') });
  });
  afterEach(() => proxy.clearRules());
  after(async () => {
    client.close();
    await proxy.close();
  });

  const exists = async (name: string) =>
    (await cluster.plane.client.request('GET', `${CONFIG_MAPS}/${name}`)).status === 200;

  test('it numbers writes and knows what was sent and answered', async () => {
    const first = proxy.writes.length + 1;
    await client.create(CONFIG_MAPS, configMap('counted'));
    await client.get(`${CONFIG_MAPS}/counted`);
    await client.remove(`${CONFIG_MAPS}/counted`);
    const [create, remove] = proxy.writes.slice(-2);
    assert.equal(create?.write, first);
    assert.equal(create?.method, 'POST');
    assert.equal(create?.path, CONFIG_MAPS);
    assert.match(create?.body ?? '', /"counted"/);
    assert.equal(create?.serverStatus, 201);
    assert.equal(create?.clientStatus, 201);
    assert.equal(remove?.write, first + 1);
  });

  test('kubectl works through it', async () => {
    const { plane } = cluster;
    const kubeconfig = plane.writeKubeconfig('proxied', plane.token('admin'), {
      url: proxy.url,
      ca: plane.ca,
    });
    const before_ = proxy.requests.length;
    const output = await plane.kubectl([
      '--kubeconfig',
      kubeconfig,
      'get',
      'namespaces',
      '-o',
      'name',
    ]);
    assert.match(output, /namespace\/default/);
    assert.ok(proxy.requests.length > before_);
  });

  test('F1 a write held before the server is lost when its client dies', async () => {
    const gate = createGate();
    proxy.addRule({ match: { write: true }, fault: { kind: 'hold', point: 'before', gate } });
    const dies = new AbortController();
    const { signal } = dies;
    const request = client.request('POST', CONFIG_MAPS, { body: configMap('held'), signal });
    await gate.reached;
    dies.abort();
    await assert.rejects(request);
    await waitFor(() => proxy.writes.at(-1)?.clientGone, { what: 'the proxy sees the client go' });
    gate.open();
    assert.equal(await exists('held'), false);
    assert.equal(proxy.writes.at(-1)?.serverStatus, undefined);
  });

  test('F1 a write held after the server has been applied when its client dies', async () => {
    const gate = createGate();
    proxy.addRule({ match: { write: true }, fault: { kind: 'hold', point: 'after', gate } });
    const dies = new AbortController();
    const { signal } = dies;
    const request = client.request('POST', CONFIG_MAPS, { body: configMap('applied'), signal });
    await gate.reached;
    assert.equal(await exists('applied'), true);
    dies.abort();
    await assert.rejects(request);
  });

  test('F2 a cut before the server loses the write, a cut after it only the answer', async () => {
    for (const point of ['before', 'after'] as const) {
      const name = `cut-${point}`;
      proxy.addRule({ match: { write: true }, fault: { kind: 'cut', point }, times: 1 });
      await assert.rejects(client.create(CONFIG_MAPS, configMap(name)), /ECONNRESET|hang up/);
      assert.equal(await exists(name), point === 'after');
    }
  });

  test('F3 another client writes between the read and the write', async () => {
    const { plane } = cluster;
    const mine = await client.create<ConfigMap>(CONFIG_MAPS, configMap('contended'));
    proxy.addRule({
      match: { methods: ['PUT'] },
      times: 1,
      fault: {
        kind: 'act',
        point: 'before',
        run: async () => {
          await plane.client.replace(`${CONFIG_MAPS}/contended`, configMap('contended', 'theirs'));
        },
      },
    });
    const body = { ...mine, data: { value: 'mine' } };
    const { status } = await client.request('PUT', `${CONFIG_MAPS}/contended`, { body });
    assert.equal(status, 409);
  });

  test('F4 it answers itself, with Retry-After', async () => {
    for (const status of [409, 410, 429, 500, 503]) {
      const fault = { kind: 'answer', status, retryAfterSeconds: 1 } as const;
      const remove = proxy.addRule({ match: { path: /configmaps/ }, fault });
      const response = await client.request('GET', CONFIG_MAPS);
      assert.equal(response.status, status);
      assert.equal(response.headers['retry-after'], '1');
      assert.equal((JSON.parse(response.text) as { code: number }).code, status);
      remove();
    }
    assert.equal((await client.request('GET', CONFIG_MAPS)).status, 200);
  });

  test('F4 it delays, slows and truncates answers, and leaves requests without any', async () => {
    const timed = async (fault: Parameters<FaultProxy['addRule']>[0]['fault']) => {
      const remove = proxy.addRule({ match: {}, fault });
      const began = performance.now();
      const { status } = await client.request('GET', '/version');
      remove();
      assert.equal(status, 200);
      return performance.now() - began;
    };
    assert.ok((await timed({ kind: 'delay', point: 'before', ms: 200 })) >= 190);
    assert.ok((await timed({ kind: 'slow', bytesPerSecond: 1000 })) >= 200);
    proxy.addRule({ match: {}, fault: { kind: 'truncate', afterBytes: 10 }, times: 1 });
    await assert.rejects(client.request('GET', '/version'));
    proxy.addRule({ match: {}, fault: { kind: 'silence', point: 'before' }, times: 1 });
    await assert.rejects(client.request('GET', '/version', { signal: AbortSignal.timeout(200) }));
  });

  test('it sends a request twice, and changes what passes', async () => {
    proxy.addRule({
      match: { write: true },
      fault: { kind: 'duplicate', answer: 'second' },
      times: 1,
    });
    const twice = await client.request('POST', CONFIG_MAPS, { body: configMap('twice') });
    assert.equal(twice.status, 409);
    assert.equal(await exists('twice'), true);
    const rename = (from: string, to: string) => (body: string) => body.replaceAll(from, to);
    const fault = {
      kind: 'rewrite',
      request: rename('"sent"', '"stored"'),
      response: rename('"stored"', '"seen"'),
    } as const;
    proxy.addRule({ match: { write: true }, fault, times: 1 });
    const seen = await client.create<ConfigMap>(CONFIG_MAPS, configMap('changed', 'sent'));
    assert.equal(seen.data?.['value'], 'seen');
    const stored = await client.get<ConfigMap>(`${CONFIG_MAPS}/changed`);
    assert.equal(stored.data?.['value'], 'stored');
  });

  test('F7 a list is answered from an older revision', async () => {
    const old = await client.create<ConfigMap>(CONFIG_MAPS, configMap('late'));
    await client.remove(`${CONFIG_MAPS}/late`);
    const query = `?resourceVersionMatch=Exact&resourceVersion=${old.metadata.resourceVersion}`;
    proxy.addRule({
      match: { methods: ['GET'] },
      fault: { kind: 'rewrite', path: (path) => path + query },
    });
    const { items } = await client.list<ConfigMap>(CONFIG_MAPS);
    assert.ok(items.some(({ metadata }) => metadata.name === 'late'));
  });

  test('rules skip, stop after some times, and act by chance from a seed', async () => {
    const fault = { kind: 'answer', status: 500 } as const;
    proxy.addRule({ match: { path: /version/ }, fault, skip: 1, times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await client.request('GET', '/version')).status);
    assert.deepEqual(statuses, [200, 500, 500, 200]);
    proxy.clearRules();
    proxy.addRule({ match: { path: /version/ }, fault, chance: 0.5 });
    const failed = await Promise.all(
      Array.from(
        { length: 40 },
        async () => (await client.request('GET', '/version')).status === 500,
      ),
    );
    const count = failed.filter(Boolean).length;
    assert.ok(count > 5 && count < 35, `${count} of 40`);
  });

  /** Watches the config maps with one label from now on; the events arrive in `events`. */
  const startWatch = async (label: string) => {
    const { metadata } = await cluster.plane.client.list<ConfigMap>(CONFIG_MAPS);
    const path = `${CONFIG_MAPS}?watch=true&labelSelector=run=${label}&resourceVersion=${metadata.resourceVersion}`;
    const events: string[] = [];
    const stop = new AbortController();
    const before_ = proxy.requests.length;
    const ended = (async () => {
      try {
        for await (const event of client.watch<ConfigMap>(path, stop.signal)) {
          events.push(nameOf(event));
        }
        return 'closed';
      } catch (error) {
        return error instanceof SyntaxError ? 'bad JSON' : 'broken';
      }
    })();
    await waitFor(() => proxy.requests.length > before_ && proxy.requests.at(-1)?.serverStatus, {
      what: 'the watch is open',
    });
    return { events, ended, stop: () => stop.abort() };
  };
  const nameOf = ({ type, object }: WatchEvent<ConfigMap>) =>
    type === 'ERROR' ? `ERROR ${object.code}` : `${type} ${object.metadata.name}`;
  /** Creates and deletes config maps with a label, not through the proxy. */
  const churn = async (label: string, names: readonly string[]) => {
    const { client: direct } = cluster.plane;
    for (const name of names) {
      await direct.create(CONFIG_MAPS, {
        ...configMap(name),
        metadata: { name, labels: { run: label } },
      });
      await direct.remove(`${CONFIG_MAPS}/${name}`);
    }
  };
  const all = ['ADDED w-1', 'DELETED w-1', 'ADDED w-2', 'DELETED w-2'];

  const streams: Record<
    string,
    {
      fault: Parameters<FaultProxy['addRule']>[0]['fault'];
      want: readonly string[];
      wantEnd?: string;
    }
  > = {
    'an event is repeated': {
      fault: { kind: 'repeat-event', match: { types: ['ADDED'], name: /w-1/ }, times: 2 },
      want: ['ADDED w-1', ...all],
    },
    'a DELETED is lost': {
      fault: { kind: 'swallow-event', match: { types: ['DELETED'], name: /w-1/ } },
      want: ['ADDED w-1', 'ADDED w-2', 'DELETED w-2'],
    },
    'a 410 comes as an ERROR event and ends the watch': {
      fault: { kind: 'inject-event', afterEvents: 2, event: goneEvent(), close: true },
      want: ['ADDED w-1', 'DELETED w-1', 'ERROR 410'],
      wantEnd: 'closed',
    },
    'a watch ends in order': {
      fault: { kind: 'end-watch', how: 'close', afterEvents: 1 },
      want: ['ADDED w-1'],
      wantEnd: 'closed',
    },
    'a watch is reset': {
      fault: { kind: 'end-watch', how: 'reset', afterEvents: 3 },
      want: all.slice(0, 3),
      wantEnd: 'broken',
    },
    'a line is cut in two': {
      fault: { kind: 'end-watch', how: 'mid-line', afterEvents: 1 },
      want: ['ADDED w-1'],
      wantEnd: 'bad JSON',
    },
  };
  for (const [title, { fault, want, wantEnd }] of Object.entries(streams)) {
    test(`F6 ${title}`, async () => {
      const label = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
      proxy.addRule({ match: { watch: true }, fault });
      const watch = await startWatch(label);
      await churn(label, ['w-1', 'w-2']);
      if (wantEnd !== undefined) assert.equal(await watch.ended, wantEnd);
      else {
        const what = `${want.length} events, not ${watch.events}`;
        await waitFor(() => watch.events.length >= want.length, { what });
      }
      // A reset may throw away what the client has not read yet.
      const came = wantEnd === 'broken' ? watch.events.length : want.length;
      assert.deepEqual(watch.events, want.slice(0, came));
      watch.stop();
      await watch.ended;
    });
  }

  test('F6 a watch falls silent', async () => {
    proxy.addRule({ match: { watch: true }, fault: { kind: 'mute-watch', afterEvents: 1 } });
    const watch = await startWatch('silent');
    const loud = await (async () => {
      proxy.clearRules();
      return startWatch('silent');
    })();
    await churn('silent', ['w-1', 'w-2']);
    await waitFor(() => loud.events.length === all.length && watch.events.length > 0, {
      what: 'the other watch has all events, and this one its first',
    });
    assert.deepEqual(watch.events, ['ADDED w-1']);
    for (const { stop, ended } of [watch, loud]) {
      stop();
      await ended;
    }
  });

  test('F7 events wait until the proxy has seen two more writes', async () => {
    proxy.addRule({ match: { watch: true }, fault: { kind: 'hold-events', forWrites: 2 } });
    const held = await startWatch('held');
    proxy.clearRules();
    const loud = await startWatch('held');
    await churn('held', ['w-1']);
    await waitFor(() => loud.events.length === 2, { what: 'the other watch has both' });
    assert.deepEqual(held.events, []);
    await client.create(CONFIG_MAPS, configMap('first-write'));
    assert.deepEqual(held.events, []);
    await client.create(CONFIG_MAPS, configMap('second-write'));
    await waitFor(() => held.events.length === 2, { what: 'the held events have come' });
    for (const { stop, ended } of [held, loud]) {
      stop();
      await ended;
    }
  });

  test('F7 a gate stops the events of a running watch, and lets them through later', async () => {
    const gate = createGate('open');
    proxy.addRule({ match: { watch: true }, fault: { kind: 'gate-events', gate } });
    const watch = await startWatch('gated');
    await churn('gated', ['w-1']);
    await waitFor(() => watch.events.length === 2, { what: 'the first events have come' });
    gate.close();
    await churn('gated', ['w-2']);
    await waitFor(() => gate.callers === 3, { what: 'the third event is at the gate' });
    assert.equal(watch.events.length, 2);
    gate.open();
    await waitFor(() => watch.events.length === 4, { what: 'all events have come' });
    watch.stop();
    await watch.ended;
  });

  test('F6 all connections are reset at once', async () => {
    const watches = await Promise.all([startWatch('reset-1'), startWatch('reset-2')]);
    proxy.cutAll();
    assert.deepEqual(await Promise.all(watches.map(({ ended }) => ended)), ['broken', 'broken']);
    assert.equal((await client.request('GET', '/version')).status, 200);
  });

  test('an API server that is down is a broken connection, and comes back', async () => {
    await cluster.plane.kill('apiserver');
    await assert.rejects(client.request('GET', '/version'));
    await cluster.plane.restart('apiserver');
    assert.equal((await client.request('GET', '/version')).status, 200);
  });
});
