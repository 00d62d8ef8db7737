import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds, makeNamespace } from '../k8s/objects.ts';
import { CLUSTER_VERBS, declaredOnCluster, type VerbCase } from './cluster-verbs.ts';
import { fillNamespace, readersRole, versionsOf } from './filled-namespace.ts';
import { runHere, type SaidHere } from './in-process.ts';
import { Sandbox } from './sandbox.ts';
import { Terminal } from './terminal.ts';

const SLOW_MS = 10_000;

describe('clusters that do not do as they are told', { skip: whyNoTools() }, () => {
  const users = [{ name: 'guest' }, { name: 'reader' }];
  const cluster = useCluster({ label: 'cli-unwilling', nodes: false, users });
  /** What a server sees begins with the name of the context, or of the verb, by which it was asked. */
  let proxy: FaultProxy;
  let folder = '';

  before(async () => {
    const { plane } = cluster;
    proxy = await startKubeProxy(plane, {
      rules: [
        {
          name: 'by-name',
          match: {},
          fault: { kind: 'rewrite', path: (path) => path.replace(/^\/at-[a-z-]+/, '') },
        },
      ],
    });
    folder = mkdtempSync(join(tmpdir(), 'espalier-unwilling-'));
    writeFileSync(
      join(folder, 'sweep.yaml'),
      `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: submitted }
spec:
  objective: { metric: acc, goal: maximize }
  parameters: [{ name: lr, float: { min: 0.001, max: 0.1, scale: log } }]
`,
    );
  });
  after(async () => {
    await proxy?.close();
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  /** A kubeconfig whose contexts are servers below the proxy's, each with its own namespace. */
  function kubeconfig(user: string, contexts: Readonly<Record<string, string>>): string {
    const path = join(folder, `${user}-${Object.keys(contexts)[0]}`);
    const { plane } = cluster;
    const written = plane.writeKubeconfig(user, plane.token(user));
    const config = JSON.parse(readFileSync(written, 'utf8'));
    const [{ cluster: direct }] = config.clusters;
    const named = Object.entries(contexts);
    config.clusters = named.map(([name]) => ({
      name,
      cluster: { ...direct, server: `${proxy.url}/at-${name}` },
    }));
    config.contexts = named.map(([name, namespace]) => ({
      name,
      context: { cluster: name, user: 'kit', namespace },
    }));
    config['current-context'] = named[0]?.[0];
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  /** Runs every verb at once, each with what is its own. */
  function runAll(
    config: string,
    more: (verb: string) => readonly string[],
  ): Promise<readonly (readonly [string, VerbCase, SaidHere])[]> {
    return Promise.all(
      Object.entries(CLUSTER_VERBS).map(async ([verb, one]) => {
        const words = [...one.words, '--kubeconfig', config, ...more(verb)];
        return [verb, one, await runHere(words, folder)] as const;
      }),
    );
  }

  test('U every verb that can look at a cluster is tried below', () => {
    assert.deepEqual(Object.keys(CLUSTER_VERBS).toSorted(), declaredOnCluster().toSorted());
  });

  test('U without the CRDs every verb says that Espalier is not installed there', async (t) => {
    await makeNamespace(cluster.plane.client, 'bare');
    const ran = await runAll(kubeconfig('admin', { bare: 'bare' }), () => []);
    for (const [verb, { bare }, said] of ran) {
      assert.match(said.stdout + said.stderr, bare?.says ?? NOT_INSTALLED, verb);
      assert.equal(said.exitCode, bare?.ends ?? 2, `${verb}: ${said.stderr}`);
      if (bare === undefined) assert.equal(said.stdout, '', verb);
    }
    t.diagnostic(`${ran.length} verbs`);
  });

  describe('with the CRDs', () => {
    before(async () => {
      const { plane } = cluster;
      await applyCrds(plane);
      await Promise.all(['team', 'one', 'two', 'slow'].map((name) => fillNamespace(plane, name)));
      await readersRole(plane, 'team', 'reader');
    });

    test('U without any right every verb names the one that it lacks', async (t) => {
      const ran = await runAll(kubeconfig('guest', { team: 'team' }), () => []);
      for (const [verb, { guest }, said] of ran) {
        assert.match(said.stdout + said.stderr, guest?.says ?? LACKS, verb);
        assert.equal(said.exitCode, guest?.ends ?? 1, `${verb}: ${said.stderr}`);
        if (guest === undefined) assert.equal(said.stdout, '', verb);
      }
      t.diagnostic(`${ran.length} verbs`);
    });

    test('U with the right to look, looking works, and what would change something is refused', async (t) => {
      const before = await versionsOf(cluster.plane, 'team');
      const ran = await runAll(kubeconfig('reader', { team: 'team' }), () => []);
      for (const [verb, { writes, ends = 0 }, said] of ran) {
        assert.equal(said.exitCode, writes ? 1 : ends, `${verb}: ${said.stderr}`);
        if (writes) assert.match(said.stderr, /needs the verb (create|patch|delete) on exp/, verb);
      }
      assert.deepEqual(await versionsOf(cluster.plane, 'team'), before);
      t.diagnostic(`${ran.filter(([, { writes }]) => writes).length} of ${ran.length} refused`);
    });

    test('U a server that is not there is named, with what to look at', async (t) => {
      const config = join(folder, 'away');
      const text = readFileSync(kubeconfig('admin', { team: 'team' }), 'utf8');
      writeFileSync(config, text.replace(proxy.url, 'https://127.0.0.1:1'), { mode: 0o600 });
      const ran = await runAll(config, () => []);
      for (const [verb, { away }, said] of ran) {
        assert.match(said.stdout + said.stderr, NOT_THERE, verb);
        assert.equal(said.exitCode, away?.ends ?? 1, `${verb}: ${said.stderr}`);
        if (away === undefined) assert.equal(said.stdout, '', verb);
      }
      t.diagnostic(`${ran.length} verbs`);
    });

    test('U of two contexts the one that is named is asked, and the other hears nothing', async (t) => {
      const before = await versionsOf(cluster.plane, 'one');
      const seen = proxy.requests.length;
      const config = kubeconfig('admin', { one: 'one', two: 'two' });
      const ran = await runAll(config, () => ['--context', 'two']);
      for (const [verb, { ends = 0 }, said] of ran) {
        assert.equal(said.exitCode, ends, `${verb}: ${said.stderr}`);
      }
      const asked = proxy.requests.slice(seen).map(({ path }) => path);
      assert.deepEqual(
        asked.filter((path) => !path.startsWith('/at-two/')),
        [],
      );
      assert.deepEqual(await versionsOf(cluster.plane, 'one'), before);
      t.diagnostic(`${asked.length} requests of ${ran.length} verbs`);
    });

    test('U a server that takes ten seconds to answer is waited for by every verb', async (t) => {
      const slow = new Set<string>();
      const whose = (path: string) => /^\/at-([a-z-]+)/.exec(path)?.[1] ?? '';
      const off = proxy.addRule({
        name: 'ten-seconds',
        match: {
          where: ({ path }) => {
            const isFirst = !slow.has(whose(path));
            slow.add(whose(path));
            return isFirst;
          },
        },
        fault: { kind: 'delay', point: 'before', ms: SLOW_MS },
      });
      const contexts = [...Object.keys(CLUSTER_VERBS), 'hasty', 'seen'].map((verb) => [
        verb,
        'slow',
      ]);
      const config = kubeconfig('admin', Object.fromEntries(contexts));
      const sandbox = new Sandbox(t);
      const place = (name: string) => ['--kubeconfig', config, '--context', name];
      const terminal = new Terminal(sandbox, ['list', ...place('seen')], { columns: 80, rows: 24 });
      const hasty = sandbox.start(['list', ...place('hasty')]);
      const asked = waitFor(() => slow.has('hasty'), { what: 'the hasty one has asked' });
      const running = runAll(config, (verb) => ['--context', verb]);
      try {
        await asked;
        hasty.kill('SIGINT');
        await terminal.until(/waiting for 127\.0\.0\.1:\d+ to answer/);
        const left = await hasty.ended;
        assert.deepEqual([left.exitCode, left.stdout], [130, ''], left.stderr);
        await terminal.until(/^done +Succeeded/m);
        assert.equal(await terminal.exitCode(), 0);
      } finally {
        await terminal.close();
      }
      const ran = await running;
      off();
      for (const [verb, { ends = 0 }, said] of ran) {
        assert.equal(said.exitCode, ends, `${verb}: ${said.stderr}`);
        assert.ok(said.wallMs >= SLOW_MS, `${verb} did not wait`);
        // Whoever reads it with a program finds nothing there that was not there before.
        assert.doesNotMatch(said.stderr, /waiting for/, verb);
      }
      t.diagnostic(`${ran.length} verbs at once`);
    });
  });
});

const NOT_INSTALLED = /does not know experiments: Espalier is not installed there/;
const LACKS = /403 .*it needs the verb (get|list) on experiments\.espalier\.dev/s;
const NOT_THERE = /127\.0\.0\.1:1: .*ECONNREFUSED.*is it up, and reachable from here\?/;
