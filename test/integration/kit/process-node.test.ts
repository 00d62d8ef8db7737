import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { ApiClient } from '../../kit/api-client.ts';
import type { Pod } from '../../kit/kube-types.ts';
import { podEnded, podInPhase, podPath } from '../../kit/pods.ts';
import { type ProcessNode, startProcessNode } from '../../kit/process-node/process-node.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';

const FINALIZER = 'kit.espalier.test/held';

interface Shell {
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly sidecar?: boolean;
  /** Its startup probe waits for this file. */
  readonly ready?: string;
}

interface PodShape {
  readonly init?: Readonly<Record<string, Shell>>;
  readonly finalizers?: readonly string[];
  readonly secret?: string;
  readonly graceSeconds?: number;
}

/** Every container sees `/work/out`, `/work/creds` and its own termination message. */
function container(name: string, { script, env = {}, sidecar = false, ready }: Shell) {
  return {
    name,
    image: 'localhost/shell:1',
    args: ['-c', script],
    env: Object.entries({
      OUT: '/work/out',
      CREDS: '/work/creds',
      WORDS: '/dev/words',
      ...env,
    }).map(([variable, value]) => ({ name: variable, value })),
    terminationMessagePath: '/dev/words',
    volumeMounts: [
      { name: 'out', mountPath: '/work/out' },
      { name: 'creds', mountPath: '/work/creds' },
    ],
    ...(sidecar ? { restartPolicy: 'Always' } : {}),
    ...(ready === undefined
      ? {}
      : { startupProbe: { exec: { command: ['test', '-e', `/work/out/${ready}`] } } }),
  };
}

function podBody(name: string, script: string, shape: PodShape = {}) {
  const { init = {}, finalizers = [], secret, graceSeconds = 30 } = shape;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', finalizers },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: graceSeconds,
      initContainers: Object.entries(init).map(([key, shell]) => container(key, shell)),
      containers: [container('trainer', { script })],
      volumes: [
        { name: 'out', emptyDir: {} },
        secret === undefined
          ? { name: 'creds', emptyDir: {} }
          : { name: 'creds', secret: { secretName: secret } },
      ],
    },
  };
}

/** How a container ended, as `code reason message`. */
function endOf(pod: Pod, name = 'trainer'): string {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const found = [...initContainerStatuses, ...containerStatuses].find((c) => c.name === name);
  const { exitCode, reason, message = '' } = found?.state?.terminated ?? {};
  return `${exitCode} ${reason} ${message}`.trim();
}

describe('a node that runs pods as processes', { skip: whyNoTools(), timeout: 120_000 }, () => {
  const cluster = useCluster({ label: 'processes', nodes: false });
  let node: ProcessNode;
  let client: ApiClient;

  before(async () => {
    client = cluster.plane.client;
    node = await startProcessNode(cluster.plane, {
      images: { 'localhost/shell:1': { entrypoint: ['/bin/sh'] } },
    });
  });
  after(() => node?.stop());

  const run = (name: string, script: string, shape?: PodShape) =>
    client.create<Pod>(podPath('default'), podBody(name, script, shape));
  const out = (pod: string, file: string) => node.path('default', pod, `/work/out/${file}`);
  const isThere = async (name: string) =>
    (await client.request('GET', podPath('default', name))).status === 200;
  const wrote = (pod: string, file: string) =>
    waitFor(() => existsSync(out(pod, file)), { what: `${pod} wrote ${file}` });

  test('a program runs with its variables, its paths and its last words', async () => {
    await run('plain', 'echo "$OUT" > "$OUT/where"; printf "bye $(OUT)" > "$WORDS"; exit 3');
    const pod = await podEnded(client, 'plain');
    assert.equal(pod.status?.phase, 'Failed');
    assert.equal(endOf(pod), `3 Error bye ${out('plain', '').slice(0, -1)}`);
    assert.equal(readFileSync(out('plain', 'where'), 'utf8').trim(), out('plain', '').slice(0, -1));
  });

  test('init containers run in order, and a sidecar around the main container', async () => {
    const say = (word: string) => `echo ${word} >> "$OUT/order"`;
    const loop =
      `trap '${say('sidecar-term')}; exit 0' TERM; sleep 0.2; ${say('sidecar')}; ` +
      'touch "$OUT/ready"; while :; do sleep 0.05; done';
    await run('order', `${say('main')}; sleep 0.2; ${say('main-end')}`, {
      init: {
        first: { script: `sleep 0.2; ${say('first')}` },
        beside: { script: loop, sidecar: true, ready: 'ready' },
        second: { script: say('second') },
      },
    });
    const pod = await podEnded(client, 'order');
    assert.equal(pod.status?.phase, 'Succeeded');
    assert.deepEqual(readFileSync(out('order', 'order'), 'utf8').trim().split('\n'), [
      ...['first', 'sidecar', 'second', 'main', 'main-end', 'sidecar-term'],
    ]);
    assert.deepEqual(
      ['first', 'beside', 'second', 'trainer'].map((name) => endOf(pod, name)),
      Array.from({ length: 4 }, () => '0 Completed'),
    );
  });

  test('a failed init container fails the pod, whose main container never starts', async () => {
    await run('init-fails', 'touch "$OUT/main"', { init: { fetch: { script: 'exit 30' } } });
    const pod = await podEnded(client, 'init-fails');
    assert.equal(pod.status?.phase, 'Failed');
    assert.equal(endOf(pod, 'fetch'), '30 Error');
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.waiting?.reason, 'PodInitializing');
  });

  test('a pod waits for its Secret', async () => {
    await run('waits', 'cat "$CREDS/user.creds" > "$OUT/seen"', { secret: 'late' });
    await podInPhase(client, 'waits', ['Pending']);
    await waitFor(
      async () => {
        const { status } = await client.get<Pod>(podPath('default', 'waits'));
        return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ContainerCreating';
      },
      { what: 'the container waits' },
    );
    await client.create('/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'late' },
      stringData: { 'user.creds': 'a key' },
    });
    await podEnded(client, 'waits');
    assert.equal(readFileSync(out('waits', 'seen'), 'utf8'), 'a key');
  });

  test('a deleted pod gets SIGTERM, and its end can be read while a finalizer holds it', async () => {
    const script = `trap 'echo saved > "$OUT/saved"; exit 10' TERM; touch "$OUT/up"; while :; do sleep 0.05; done`;
    await run('told', script, { finalizers: [FINALIZER] });
    await wrote('told', 'up');
    await client.remove(podPath('default', 'told'));
    const pod = await podEnded(client, 'told');
    assert.equal(endOf(pod), '10 Error');
    assert.equal(readFileSync(out('told', 'saved'), 'utf8'), 'saved\n');
    await client.patch(podPath('default', 'told'), 'json-patch', [
      { op: 'remove', path: '/metadata/finalizers' },
    ]);
    await waitFor(async () => !(await isThere('told')), { what: 'the pod is gone' });
  });

  test('who ignores SIGTERM is killed after the grace period, its sidecar before the end too', async () => {
    const deaf = `trap '' TERM; touch "$OUT/up"; while :; do sleep 0.05; done`;
    await run('deaf', deaf, {
      graceSeconds: 2,
      finalizers: [FINALIZER],
      init: { beside: { script: deaf, sidecar: true } },
    });
    await wrote('deaf', 'up');
    await podInPhase(client, 'deaf', ['Running']);
    await client.remove(podPath('default', 'deaf'));
    const pod = await podEnded(client, 'deaf');
    assert.deepEqual([endOf(pod), endOf(pod, 'beside')], ['137 Error', '137 Error']);
    await client.patch(podPath('default', 'deaf'), 'json-patch', [
      { op: 'remove', path: '/metadata/finalizers' },
    ]);
  });

  test('a process that is killed, or out of memory, ends as 137 with its reason', async () => {
    const script = 'echo before the end; touch "$OUT/up"; sleep 60 & wait';
    for (const name of ['killed', 'oom']) await run(name, script);
    for (const name of ['killed', 'oom']) await wrote(name, 'up');
    process.kill(node.container('default', 'killed').pid ?? 0, 'SIGKILL');
    node.container('default', 'oom').runOutOfMemory();
    const ends = await Promise.all(['killed', 'oom'].map((name) => podEnded(client, name)));
    assert.deepEqual(
      ends.map((pod) => endOf(pod)),
      ['137 Error', '137 OOMKilled'],
    );
    const log = await client.request('GET', `${podPath('default', 'oom')}/log?tailLines=5`);
    assert.deepEqual([log.status, log.text], [200, 'before the end\n']);
  });

  test('a lost node says nothing, its programs go on, and it tells the rest when it is back', async () => {
    await run(
      'lost',
      'touch "$OUT/up"; while [ ! -e "$OUT/go" ]; do sleep 0.05; done; touch "$OUT/end"',
    );
    await podInPhase(client, 'lost', ['Running']);
    await wrote('lost', 'up');
    node.lose();
    await run('next', 'true');
    const { pid } = node.container('default', 'lost');
    assert.ok(pid !== undefined);
    writeFileSync(out('lost', 'go'), '');
    await wrote('lost', 'end');
    await waitFor(() => !node.container('default', 'lost').isRunning, { what: 'it has ended' });
    const still = await client.get<Pod>(podPath('default', 'lost'));
    assert.equal(still.status?.phase, 'Running');
    await node.recover();
    await podEnded(client, 'lost');
    await podEnded(client, 'next');
  });

  test('a pod with an unknown image never starts, and goes when it is deleted', async () => {
    const body = podBody('stranger', 'true');
    const containers = body.spec.containers.map((c) => ({ ...c, image: 'localhost/none:1' }));
    await client.create(podPath('default'), { ...body, spec: { ...body.spec, containers } });
    await waitFor(
      async () => {
        const { status } = await client.get<Pod>(podPath('default', 'stranger'));
        return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImageNeverPull';
      },
      { what: 'the image is missing' },
    );
    await client.remove(podPath('default', 'stranger'));
    await waitFor(async () => !(await isThere('stranger')), { what: 'the pod is gone' });
  });

  test('nothing is left behind', async () => {
    const running = node.running;
    await run('left', 'touch "$OUT/up"; sleep 600 & wait');
    await wrote('left', 'up');
    const { pid = 0 } = node.container('default', 'left');
    assert.equal(node.running, running + 1);
    await node.stop();
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });
});
