import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type ClusterRecord, runningCluster, stopCluster } from '../../kit/cluster-record.ts';
import { cgroupsLike } from '../../kit/node/cgroups.ts';
import { whyNoNode } from '../../kit/node/why-no-node.ts';
import { signalGroup, startProcess } from '../../kit/own-process.ts';
import { makeStateFolder } from '../../kit/state-folder.ts';
import { waitFor } from '../../kit/wait.ts';

const run = promisify(execFile);
const kit = (file: string) => JSON.stringify(join(import.meta.dirname, '../../kit', file));

/** Starts a node, as cluster-up does, and records it. */
const start = (home: string) => `
  import { recordCluster } from ${kit('cluster-record.ts')};
  import { startNodeCluster } from ${kit('node/node-cluster.ts')};
  const cluster = await startNodeCluster({ outlives: true });
  process.stdout.write('started ' + cluster.box.network.name + '\\n');
  if (${JSON.stringify(home)} === '') await new Promise((resolve) => setInterval(resolve, 1e9));
  const { plane, folders, processes, box } = cluster;
  recordCluster(${JSON.stringify(home)}, { plane, folders, processes, addresses: {}, node: box.network.name });`;
const program = (text: string) => [
  '--conditions=@espalier/source',
  '--input-type=module',
  '--eval',
  text,
];

/** What of this machine a node could have changed, apart from what other tests do in their own folders. */
async function machine(): Promise<Record<string, unknown>> {
  const rules = async (program: string) => {
    const { stdout } = await run(program, []);
    return stdout
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .join('\n');
  };
  const places = ['kubelet', 'containerd', 'cni'].map((name) => `/var/lib/${name}`);
  const more = ['/run/containerd', '/run/netns', '/var/log/pods', '/var/log/containers'];
  const settings = [
    'vm/overcommit_memory',
    'vm/panic_on_oom',
    'kernel/panic',
    'kernel/panic_on_oops',
  ];
  const network = ['net/ipv4/ip_forward', 'net/ipv4/conf/all/route_localnet'];
  return {
    'packet filter': [await rules('iptables-save'), await rules('ip6tables-save')],
    folders: [...places, ...more].map((path) => [path, existsSync(path) && readdirSync(path)]),
    'kernel settings': [...settings, ...network].map((name) => [
      name,
      readFileSync(`/proc/sys/${name}`, 'utf8').trim(),
    ]),
  };
}

/** What is here of a node, by its name and its folders. */
async function traces(network: string, folders: readonly string[]): Promise<readonly string[]> {
  const { stdout: links } = await run('ip', ['-o', 'link']);
  const { stdout: routes } = await run('ip', ['-4', 'route', 'show', 'table', 'all']);
  const range = `10.${network.replace('espalier', '')}.`;
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOf(pid));
  return [
    ...(links.includes(`${network}:`) || links.includes(`${network}@`) ? ['interface'] : []),
    ...(routes.includes(range) ? ['routes'] : []),
    ...cgroupsLike(new RegExp(`^${network}$`)).map((name) => `cgroup ${name}`),
    ...folders.flatMap((path) => (mounts.includes(path) ? [`mounts in ${path}`] : [])),
    ...folders.filter(existsSync),
    ...processes.map((pid) => `process ${pid}`),
  ];

  function isOf(pid: string): boolean {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      return folders.some((path) => words.includes(path)) || groups.includes(`/${network}/`);
    } catch {
      return false; // it has just ended
    }
  }
}

describe('the end of a node that outlives its starter', { skip: whyNoNode() }, () => {
  test('cluster-down leaves nothing of it on this machine', async (t) => {
    const before = await machine();
    const home = join(mkdtempSync(join(tmpdir(), 'espalier-home-')), 'cluster');
    try {
      await run(process.execPath, program(start(home)));
      const cluster = runningCluster(home) as ClusterRecord;
      assert.ok(cluster.node);
      await runPod(cluster);
      makeStateFolder('sweeps').remove(); // what runs is not swept
      const there = await traces(cluster.node, cluster.folders);
      t.diagnostic(`while it ran: ${there.length} traces`);
      assert.ok(there.length > 10, there.join());

      await stopCluster(home);
      assert.deepEqual(await traces(cluster.node, cluster.folders), []);
      assert.deepEqual(await machine(), before);
      assert.equal(existsSync(home), false);
    } finally {
      await stopCluster(home);
      rmSync(join(home, '..'), { recursive: true, force: true });
    }
  });

  test('what a killed cluster-up left is removed by the next start', async () => {
    const folder = makeStateFolder('killer');
    try {
      const starter = await startProcess({
        command: process.execPath,
        args: program(start('')),
        logFile: folder.file('starter.log'),
      });
      const network = await waitFor(() => /started (\S+)/.exec(starter.tail())?.[1], {
        what: 'the node has started',
        timeoutMs: 120_000,
        unless: starter.whyEnded,
      });
      signalGroup(starter.pid, 'SIGKILL');
      await starter.ended;
      assert.notDeepEqual(await traces(network, []), []);

      const home = folder.file('home');
      await run(process.execPath, program(start(home)));
      const next = runningCluster(home) as ClusterRecord;
      await stopCluster(home);
      assert.deepEqual(await traces(next.node as string, next.folders), []);
      assert.deepEqual(await traces(network, []), []);
    } finally {
      folder.remove();
    }
  });
});

/** Gives it something to leave: a pod with its mounts, interfaces and cgroups. */
async function runPod({ kubectl, kubeconfig }: ClusterRecord): Promise<void> {
  const ctl = (...args: string[]) =>
    run(kubectl, ['--kubeconfig', kubeconfig, ...args], { env: {} });
  await waitFor(() => ctl('get', 'serviceaccount', 'default'), { what: 'pods can be made' });
  await ctl('run', 'left', '--image=localhost/pause:1', '--image-pull-policy=Never');
  await ctl('wait', '--for=condition=Ready', 'pod/left', '--timeout=120s');
}
