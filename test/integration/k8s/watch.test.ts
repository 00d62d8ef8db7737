import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caches } from '../../../controller/src/adapters/k8s/caches.ts';
import { Transport } from '../../../controller/src/adapters/k8s/transport.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { type Fault, goneEvent } from '../../kit/fault-rules.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds, createExperiment, experimentsPath, makeNamespace } from './objects.ts';
import { KeptLog, realClock, tokenAccess } from './program.ts';

describe('caches on a real API server', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'watch', nodes: false });
  let proxy: FaultProxy;
  let stop: AbortController;
  let caches: Caches;
  let transport: Transport;
  let restarts: string[];
  let count = 0;

  before(async () => {
    await applyCrds(cluster.plane);
    await makeNamespace(cluster.plane.client, 'w');
    proxy = await startKubeProxy(cluster.plane);
  });
  beforeEach(() => {
    proxy.clearRules();
  });
  after(() => proxy?.close());

  async function open(idleMs = 90_000): Promise<void> {
    stop = new AbortController();
    restarts = [];
    transport = new Transport({ access: tokenAccess(cluster.plane, proxy.url), clock: realClock });
    caches = new Caches({
      transport,
      clock: realClock,
      log: new KeptLog(),
      random: () => 0,
      namespaces: ['w'],
      watch: { idleMs, onRestart: (resource, why) => restarts.push(`${resource} ${why}`) },
    });
    await caches.start(stop.signal);
  }

  function close(): void {
    stop.abort();
    transport.close();
  }

  const names = (): string[] =>
    caches.experiments
      .all()
      .map(({ metadata }) => metadata.name)
      .sort();

  async function namesOnServer(): Promise<string[]> {
    const { items } = await cluster.plane.client.list(experimentsPath('w'));
    return items.map(({ metadata }) => metadata.name ?? '').sort();
  }

  async function agree(): Promise<void> {
    await waitFor(async () => JSON.stringify(names()) === JSON.stringify(await namesOnServer()), {
      what: 'the cache is as the server is',
      // Pauses grow to 30 s while a server is away.
      timeoutMs: 40_000,
    });
  }

  /** Creates and deletes while the fault acts. */
  async function churn(rounds = 6): Promise<void> {
    const { client } = cluster.plane;
    for (let round = 0; round < rounds; round++) {
      count++;
      await createExperiment(client, 'w', `e${count}`);
      if (round % 2 === 1) await client.remove(experimentsPath('w', `e${count - 1}`));
      await sleep(30);
    }
  }

  const watchFaults: Record<string, { fault: Fault; times?: number; idleMs?: number }> = {
    'clean close': { fault: { kind: 'end-watch', how: 'close', afterEvents: 1 }, times: 3 },
    reset: { fault: { kind: 'end-watch', how: 'reset', afterEvents: 1 }, times: 2 },
    'a JSON line cut in two': {
      fault: { kind: 'end-watch', how: 'mid-line', afterEvents: 1 },
      times: 2,
    },
    'silence on an open connection': {
      fault: { kind: 'mute-watch', afterEvents: 1 },
      times: 1,
      idleMs: 500,
    },
    '410 as an ERROR event': {
      fault: { kind: 'inject-event', afterEvents: 1, event: goneEvent(), close: true },
      times: 2,
    },
    '410 on open': { fault: { kind: 'answer', status: 410 }, times: 2 },
    '500 on open': { fault: { kind: 'answer', status: 500 }, times: 2 },
    '429 with Retry-After on open': {
      fault: { kind: 'answer', status: 429, retryAfterSeconds: 1 },
      times: 1,
    },
    'duplicate ADDED': { fault: { kind: 'repeat-event', match: { types: ['ADDED'] }, times: 3 } },
    'slow bytes, characters torn apart': {
      fault: { kind: 'slow', bytesPerSecond: 20_000 },
      times: 1,
    },
  };

  for (const [name, { fault, times, idleMs }] of Object.entries(watchFaults)) {
    test(`F6 the cache survives: ${name}`, async (context) => {
      proxy.addRule({
        match: { watch: true, path: /\/experiments\?/ },
        fault,
        ...(times === undefined ? {} : { times }),
      });
      await open(idleMs);
      try {
        await churn();
        await agree();
        const faults = proxy.requests.filter((request) => request.faults.length > 0).length;
        context.diagnostic(`${faults} watches spoiled, ${restarts.length} restarts`);
      } finally {
        close();
      }
    });
  }

  test('F6 a missing DELETED is made good by the next list', async () => {
    proxy.addRule({
      match: { watch: true, path: /\/experiments\?/ },
      fault: { kind: 'swallow-event', match: { types: ['DELETED'] } },
    });
    await open();
    try {
      await churn(4);
      await sleep(300);
      assert.notDeepEqual(names(), await namesOnServer());
      await caches.refresh();
      assert.deepEqual(names(), await namesOnServer());
    } finally {
      close();
    }
  });

  test('F6 a real compaction and a restarted API server end in a new list', async (context) => {
    await open();
    try {
      await churn(2);
      proxy.addRule({
        match: { watch: true, path: /\/experiments\?/ },
        fault: { kind: 'answer', status: 503 },
      });
      proxy.cutAll();
      await churn(4);
      await cluster.plane.compact();
      await cluster.plane.restart('apiserver');
      const from = proxy.requests.length;
      proxy.clearRules();
      await agree();
      const lists = proxy.requests
        .slice(from)
        .filter(({ path, isWatch }) => !isWatch && path.includes('/experiments?'));
      context.diagnostic(`${lists.length} lists, restarts: ${restarts.join(', ')}`);
      assert.ok(restarts.includes('experiments gone'), restarts.join(', '));
    } finally {
      close();
    }
  });

  test('F5 an API server that is killed and comes back costs nothing but time', async () => {
    await open();
    try {
      await cluster.plane.kill('apiserver');
      await sleep(500);
      await cluster.plane.restart('apiserver');
      await churn(2);
      await agree();
    } finally {
      close();
    }
  });

  test('more than a page of objects is listed in pages and shown at once', async (context) => {
    const { client } = cluster.plane;
    await makeNamespace(client, 'many');
    await Promise.all(
      Array.from({ length: 16 }, async (_, worker) => {
        for (let i = 0; i < 75; i++) await createExperiment(client, 'many', `e${worker}-${i}`);
      }),
    );
    stop = new AbortController();
    transport = new Transport({ access: tokenAccess(cluster.plane, proxy.url), clock: realClock });
    caches = new Caches({
      transport,
      clock: realClock,
      log: new KeptLog(),
      random: () => 0,
      namespaces: ['many'],
    });
    const from = proxy.requests.length;
    const began = performance.now();
    await caches.start(stop.signal);
    const tookMs = performance.now() - began;
    try {
      assert.equal(caches.experiments.size, 1200);
      const pages = proxy.requests
        .slice(from)
        .filter(({ path }) => path.includes('/experiments?limit'));
      assert.equal(pages.length, 3);
      context.diagnostic(`1,200 experiments listed and parsed in ${Math.round(tookMs)} ms`);
    } finally {
      close();
    }
  });
});
