import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isTerminalTrial, type Trial } from '@espalier/api';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { KubeObject } from '../../kit/kube-types.ts';
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
  trialsPath,
} from './objects.ts';
import { placeOf, runningPods } from './pods-rig.ts';
import { type Program, startProgram, tokenAccess } from './program.ts';

const MAX = 10;
const SLOW_MS = 180_000;

describe('a cluster that is put back to a copy of etcd', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'restore' });
  let proxy: FaultProxy;
  let program: Program | undefined;
  /** From here on pods of the later trials run until they are told otherwise. */
  let isHeld = true;

  before(async () => {
    await applyCrds(cluster.plane);
    await makeNamespace(cluster.plane.client, 'team');
    const behave = scriptPods((pod) => {
      const { index, attempt } = placeOf(pod);
      const holds = isHeld && attempt === 0 && index >= 4;
      return { message: lastWords(index / 100), runFor: holds ? 'never' : '100ms' };
    });
    proxy = await startKubeProxy(cluster.plane, { rules: [behave] });
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
  });

  async function startController(): Promise<void> {
    program = startProgram(tokenAccess(cluster.plane, proxy.url));
    await program.controller.ready;
  }

  /** Runs `act` while neither etcd nor the API server does. */
  async function stopped(act: () => void): Promise<void> {
    const { plane } = cluster;
    await plane.kill('apiserver');
    await plane.kill('etcd');
    act();
    await plane.restart('etcd');
    await plane.restart('apiserver');
    // It is ready before the caches of our kinds are.
    await waitFor(
      async () => (await plane.client.request('GET', trialsPath('team'))).status === 200,
      { what: 'Trials are served again', timeoutMs: SLOW_MS },
    );
  }

  const trials = () => trialsIn(cluster.plane.client, 'team');
  const uid = async () =>
    (await cluster.plane.client.get<KubeObject>(experimentsPath('team', 'e'))).metadata.uid;
  const suggestions = (all: readonly Trial[]) =>
    Object.fromEntries(all.map(({ spec }) => [spec.index, spec.parameters]));

  test('F24 G9 G15 Trials of the copy go on, and the Experiment ends with every configuration once', async (context) => {
    const { plane, kwok } = cluster;
    const { client, folder } = plane;
    const [data, copy] = [folder.file('etcd'), folder.file('etcd-copy')];
    await startController();
    await createExperiment(client, 'team', 'e', { trials: { max: MAX, parallel: 2 } });
    await waitFor(async () => (await runningPods(client, 'team')).length === 2, {
      what: 'the first four have ended and the next two run',
      timeoutMs: SLOW_MS,
    });
    await waitFor(
      async () =>
        (await trials()).filter(({ status }) => isTerminalTrial(status?.phase)).length === 4,
      { what: 'four trials are over', timeoutMs: SLOW_MS },
    );
    const id = await uid();
    await stopped(() => cpSync(data, copy, { recursive: true }));

    // Life goes on after the backup.
    isHeld = false;
    const held = await waitFor(
      async () => {
        const names = await runningPods(client, 'team');
        return names.length === 2 && names;
      },
      { what: 'the two run on', timeoutMs: SLOW_MS },
    );
    for (const name of held) await kwok.tell('team', name, { runFor: '0s' });
    const first = await experimentEnded(client, 'team', 'e', SLOW_MS);
    assert.equal(first.status?.phase, 'Succeeded');
    const known = await trials();
    assert.equal(known.length, MAX);

    // The disaster: everything that was written since the copy is gone.
    await program?.stop();
    await kwok.kill();
    await stopped(() => {
      rmSync(data, { recursive: true });
      cpSync(copy, data, { recursive: true });
    });
    await plane.restart('controller-manager');
    await plane.restart('scheduler');
    const back = await trials();
    assert.ok(back.length < MAX, `${back.length} trials are known again`);
    await kwok.restart();
    // One of the pods that the copy knows is no longer on its node; the other one still runs there.
    const [gone = '', runs = ''] = held;
    await plane.kubectl(['delete', 'pod', gone, '-n', 'team', '--force', '--wait=false']);
    await startController();
    await waitFor(async () => (await runningPods(client, 'team')).includes(runs), {
      what: `${runs} runs`,
      timeoutMs: SLOW_MS,
    });
    await kwok.tell('team', runs, { runFor: '0s' });

    const ended = await experimentEnded(client, 'team', 'e', SLOW_MS);
    assert.equal(ended.status?.phase, 'Succeeded');
    assert.equal(await uid(), id);
    const all = await trials();
    assert.deepEqual(
      all.map(({ spec }) => spec.index),
      Array.from({ length: MAX }, (_, index) => index),
    );
    assert.deepEqual(suggestions(all), suggestions(known), 'the same suggestions once more');
    const outcomes = all.map(({ status }) => status?.attempts.map(({ outcome }) => outcome).join());
    const disrupted = outcomes.filter((text) => text === 'Disrupted,Succeeded').length;
    assert.equal(disrupted, 1, outcomes.join(' '));
    assert.equal(outcomes.filter((text) => text === 'Succeeded').length, MAX - 1);
    context.diagnostic(
      `copy of ${back.length} trials, ${MAX} in the end, ${disrupted} disrupted, 0 lost`,
    );
  });
});
