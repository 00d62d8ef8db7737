import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Experiment, Trial, TrialSpec, TrialStatus } from '@espalier/api';
import { Caches } from '../../../controller/src/adapters/k8s/caches.ts';
import { KubernetesCluster } from '../../../controller/src/adapters/k8s/cluster.ts';
import { Transport } from '../../../controller/src/adapters/k8s/transport.ts';
import type { PodRequest } from '../../../controller/src/ports/cluster.ts';
import { ConflictError, TerminalError, WaitError } from '../../../controller/src/ports/errors.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  makeNamespace,
  podsIn,
  trialsPath,
  untilPodsRefused,
} from './objects.ts';
import { KeptLog, realClock, tokenAccess } from './program.ts';

const call = { signal: new AbortController().signal };
const spec = (index: number): TrialSpec => ({
  index,
  configuration: index,
  replicate: 0,
  algorithm: 'random@1',
  parameters: [{ name: 'lr', float: 0.01 }],
});
const running: TrialStatus = { phase: 'Running', attempts: [], rungs: [] };

describe('writes on a real API server', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'writes' });
  const stop = new AbortController();
  let proxy: FaultProxy;
  let transport: Transport;
  let caches: Caches;
  let port: KubernetesCluster;
  let experiment: Experiment;

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await makeNamespace(plane.client, 'x');
    proxy = await startKubeProxy(plane);
    transport = new Transport({ access: tokenAccess(plane, proxy.url), clock: realClock });
    caches = new Caches({
      transport,
      clock: realClock,
      log: new KeptLog(),
      random: Math.random,
      namespaces: ['x'],
    });
    port = new KubernetesCluster({
      transport,
      caches,
      clock: realClock,
      defaults: { trainerImage: 'localhost/t:1' },
    });
    await caches.start(stop.signal);
    await createExperiment(plane.client, 'x', 'e', { trials: { max: 50 } });
    experiment = await waitFor(() => port.experiment({ namespace: 'x', name: 'e' }), {
      what: 'the experiment is in the cache',
    });
  });
  after(async () => {
    stop.abort();
    transport?.close();
    await proxy?.close();
  });

  const podRequest = (trial: Trial, attempt = 0): PodRequest => ({
    experiment,
    trial,
    attempt,
    parameters: experiment.spec.parameters,
    task: {
      namespace: 'x',
      experiment: 'e',
      trial: trial.metadata.name,
      uid: trial.metadata.uid,
      attempt,
      parameters: trial.spec.parameters,
      objective: { metric: 'acc', goal: 'maximize' },
      checkpoint: { everyEpochs: 1 },
    },
  });

  /** Holds back all watch events from now on; the returned function lets them go. */
  async function holdWatches(): Promise<() => void> {
    const gate = createGate();
    const lift = proxy.addRule({ match: { watch: true }, fault: { kind: 'gate-events', gate } });
    const watches = () => proxy.requests.filter(({ isWatch }) => isWatch).length;
    const before = watches();
    proxy.cutAll();
    await waitFor(() => watches() >= before + 4, { what: 'the watches are open again' });
    return () => {
      lift();
      gate.open();
    };
  }

  test('G1 F7 what we wrote is read back at once, though the watch is held back', async () => {
    const letGo = await holdWatches();
    const made = await port.createTrial(experiment, spec(0), call);
    assert.deepEqual(
      port.trialsOf(experiment.metadata.uid).map(({ metadata }) => metadata.name),
      ['e-00000'],
    );
    const written = await port.writeTrialStatus(made, running, 'view', call);
    assert.equal(port.trial({ namespace: 'x', name: 'e-00000' })?.status?.phase, 'Running');
    await port.createPod(podRequest(written), call);
    assert.equal(port.podsOf(made.metadata.uid)[0]?.name, 'e-00000-a0');
    // Events older than these writes arrive now, and none of them is shown.
    letGo();
    await waitFor(() => port.podsOf(made.metadata.uid)[0]?.end, { what: 'the pod ended' });
    assert.equal(port.trial({ namespace: 'x', name: 'e-00000' })?.status?.phase, 'Running');
  });

  test('creating the same trial again gives the one that is there', async () => {
    const first = await port.createTrial(experiment, spec(1), call);
    const again = await port.createTrial(experiment, spec(1), call);
    assert.equal(again.metadata.uid, first.metadata.uid);
    const other = { ...spec(1), parameters: [{ name: 'lr', float: 0.5 }] };
    const winner = await port.createTrial(experiment, other, call);
    assert.deepEqual(winner.spec.parameters, spec(1).parameters);
  });

  test("a trial of somebody else's name is waited for", async () => {
    const { client } = cluster.plane;
    await client.create(trialsPath('x'), {
      apiVersion: 'espalier.dev/v1alpha1',
      kind: 'Trial',
      metadata: { name: 'e-00002', namespace: 'x' },
      spec: spec(2),
    });
    await assert.rejects(port.createTrial(experiment, spec(2), call), WaitError);
  });

  test('F2 a lost answer to a create is not a second pod', async () => {
    const trial = await port.createTrial(experiment, spec(3), call);
    const lift = proxy.addRule({
      match: { methods: ['POST'], path: /\/pods$/ },
      fault: { kind: 'cut', point: 'after' },
      times: 1,
    });
    await assert.rejects(port.createPod(podRequest(trial), call));
    lift();
    await port.createPod(podRequest(trial), call);
    const pods = (await podsIn(cluster.plane.client, 'x')).items;
    const ours = pods.filter(({ metadata }) => metadata.name?.startsWith('e-00003'));
    assert.equal(ours.length, 1);
    assert.equal(port.podsOf(trial.metadata.uid).length, 1);
  });

  test('G1 F2 after a lost answer to a status write no pod is created for the trial as it was', async () => {
    const trial = await port.createTrial(experiment, spec(4), call);
    const letGo = await holdWatches();
    const lift = proxy.addRule({
      match: { methods: ['PUT'], path: /\/trials\/e-00004\/status/ },
      fault: { kind: 'cut', point: 'after' },
      times: 1,
    });
    await assert.rejects(port.writeTrialStatus(trial, running, 'record', call));
    lift();
    // The cache still shows the trial as it was; the record of the attempt is in etcd.
    assert.equal(port.trial({ namespace: 'x', name: 'e-00004' })?.status, undefined);
    await assert.rejects(port.createPod(podRequest(trial), call), ConflictError);
    assert.equal(port.trial({ namespace: 'x', name: 'e-00004' })?.status?.phase, 'Running');
    assert.equal(port.podsOf(trial.metadata.uid).length, 0);
    letGo();
  });

  test('F3 a status write on an old version is refused, and the cache is brought up to date', async () => {
    const trial = await port.createTrial(experiment, spec(5), call);
    const letGo = await holdWatches();
    await cluster.plane.client.patch(trialsPath('x', 'e-00005'), 'merge-patch', {
      metadata: { labels: { by: 'somebody' } },
    });
    await assert.rejects(port.writeTrialStatus(trial, running, 'view', call), ConflictError);
    const fresh = port.trial({ namespace: 'x', name: 'e-00005' });
    assert.equal(fresh?.metadata.labels?.['by'], 'somebody');
    await port.writeTrialStatus(fresh as Trial, running, 'view', call);
    letGo();
  });

  test('a status write replaces: what is no longer said is gone', async () => {
    const trial = await port.createTrial(experiment, spec(6), call);
    const first = await port.writeTrialStatus(trial, { ...running, message: 'x' }, 'view', call);
    const second = await port.writeTrialStatus(first, running, 'view', call);
    assert.equal(second.status?.message, undefined);
    assert.deepEqual(second.spec, trial.spec);
    assert.deepEqual(second.metadata.ownerReferences, trial.metadata.ownerReferences);
  });

  test('G4 the API server itself refuses a way out of a terminal phase', async () => {
    const trial = await port.createTrial(experiment, spec(7), call);
    const ended = await port.writeTrialStatus(
      trial,
      { ...running, phase: 'Failed' },
      'record',
      call,
    );
    await assert.rejects(port.writeTrialStatus(ended, running, 'view', call), TerminalError);
  });

  test('the finalizer goes on and off, and nobody else loses theirs', async () => {
    const { client } = cluster.plane;
    await createExperiment(client, 'x', 'f');
    const key = { namespace: 'x', name: 'f' };
    const found = await waitFor(() => port.experiment(key), { what: 'it is in the cache' });
    const held = await port.setFinalizer(found, true, call);
    assert.deepEqual(held.metadata.finalizers, ['espalier.dev/accounting']);
    assert.equal(await port.setFinalizer(held, true, call), held);
    const path = `/apis/espalier.dev/v1alpha1/namespaces/x/experiments/f`;
    await client.patch(path, 'json-patch', [
      { op: 'add', path: '/metadata/finalizers/0', value: 'other.example/first' },
    ]);
    // Ours moved: the patch made for the old place fails instead of taking the other's.
    await assert.rejects(port.setFinalizer(held, false, call), ConflictError);
    const freed = await port.setFinalizer(port.experiment(key) as Experiment, false, call);
    assert.deepEqual(freed.metadata.finalizers, ['other.example/first']);
  });

  test('G1 F20 a pod that another took the name of is neither deleted nor adopted', async () => {
    const trial = await port.createTrial(experiment, spec(8), call);
    await port.createPod(podRequest(trial), call);
    const [pod] = port.podsOf(trial.metadata.uid);
    assert.ok(pod !== undefined);
    const { client } = cluster.plane;
    const path = `/api/v1/namespaces/x/pods/${pod.name}`;
    await client.patch(path, 'merge-patch', { metadata: { finalizers: null } });
    await client.remove(path, { gracePeriodSeconds: 0 });
    await client.create('/api/v1/namespaces/x/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod.name, namespace: 'x' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    });
    await port.deletePod(pod, { force: true }, call);
    await client.get(path);
    assert.equal(await port.isPodGone(trial, 0, call), true);
    await assert.rejects(port.createPod(podRequest(trial), call), WaitError);
  });

  test('F19 a quota that is used up is waited for; a policy that says no is final', async () => {
    const { client } = cluster.plane;
    const trial = await port.createTrial(experiment, spec(9), call);
    const quota = '/api/v1/namespaces/x/resourcequotas';
    await client.create(quota, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'x' },
      spec: { hard: { pods: '0' } },
    });
    await untilPodsRefused(client, 'x');
    await assert.rejects(port.createPod(podRequest(trial), call), WaitError);
    await client.remove(`${quota}/q`);
    await client.patch('/api/v1/namespaces/x', 'merge-patch', {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    // Our own pods fit the level `restricted`.
    await waitFor(
      async () => {
        await port.createPod(podRequest(trial), call);
        return true;
      },
      { what: 'the quota is gone' },
    );
  });

  test('orders to an API server that is busy are repeated when it says', async () => {
    const trial = await port.createTrial(experiment, spec(10), call);
    const from = proxy.writes.length;
    proxy.addRule({
      match: { methods: ['PUT'], path: /e-00010/ },
      fault: { kind: 'answer', status: 429, retryAfterSeconds: 1 },
      times: 2,
    });
    const began = performance.now();
    await port.writeTrialStatus(trial, running, 'view', call);
    assert.ok(performance.now() - began >= 1_900);
    assert.equal(proxy.writes.length - from, 3);
  });
});
