import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Trial } from '@espalier/api';
import { CHART } from '../integration/chart/helm.ts';
import { assertNothingLost } from '../integration/streams/record.ts';
import { TEAM } from './experiments.ts';
import { killAll, untilNode } from './faults.ts';
import type { Rig } from './rig.ts';
import { compareWithRecord, withStore } from './store.ts';

/** An Experiment that goes on through what may happen to a cluster. */

/** What the second version of the chart knows and the first does not. */
const NOTE = { note: 'of the second version' };

export async function loseNode(rig: Rig, context: TestContext): Promise<void> {
  const { experiments, kubernetes, target } = rig;
  await experiments.apply('endurance');
  await untilRunning(rig);
  if (target.node === undefined) return context.skip('the kubelet of this cluster is not ours');
  const { name } = target.node;
  const before = await experiments.pods('endurance');
  target.node.pauseKubelet();
  try {
    await untilNode(kubernetes, name, false);
  } finally {
    target.node.resumeKubelet();
  }
  await untilNode(kubernetes, name, true);
  rig.mark('node lost and back');
  await untilRunning(rig);
  const trials = await experiments.trials('endurance');
  assert.deepEqual(trials.filter(isTriedAgain), []);
  context.diagnostic(`${before.length} pods were on it, ${trials.length} trials since`);
}

export async function killServers(rig: Rig, context: TestContext): Promise<void> {
  const killed = await killAll(rig.kubernetes, ['controller', 'nats', 'store']);
  rig.mark('servers killed and back');
  await untilRunning(rig);
  context.diagnostic(`${killed} pods killed and replaced`);
}

export async function upgradeHelm(rig: Rig, context: TestContext): Promise<void> {
  const { experiments, release, target } = rig;
  const { next } = target;
  const before = new Set((await experiments.pods('endurance')).map(({ metadata }) => metadata.uid));
  const controller = { workers: 4 };
  await (next === undefined
    ? release.upgrade(CHART, { controller })
    : release.upgrade(next.chart, { controller, images: { controller: { tag: next.tag } } }));
  rig.mark('upgraded');
  const after = await experiments.pods('endurance');
  const same = after.filter(({ metadata }) => before.has(metadata.uid)).length;
  context.diagnostic(`${same} of ${before.size} pods of trials saw both versions`);
  if (next === undefined) return context.diagnostic('no image of a next version is there');
  await experiments.apply('endurance', NOTE);
  const { spec } = await experiments.get('endurance');
  assert.equal((spec as { readonly note?: string }).note, NOTE.note);
}

export async function runHelmTest(rig: Rig): Promise<void> {
  assert.match(await rig.release.test(), /Phase:\s+Succeeded/);
  rig.mark('helm test');
}

export async function nothingLost(rig: Rig, context: TestContext): Promise<void> {
  const { experiments, pods } = rig;
  const note = rig.target.next === undefined ? {} : NOTE;
  await experiments.apply('endurance', { ...note, desiredState: 'Stop' });
  const ended = await experiments.untilEnded('endurance');
  rig.mark('endurance done');
  assert.equal(ended.status?.phase, 'Succeeded', ended.status?.message);
  const trials = await experiments.trials('endurance');
  assert.ok(trials.every(({ status }) => status?.phase === 'Succeeded'));
  assert.deepEqual(pods.twice, []);
  assert.ok(pods.peakOf(TEAM, 'endurance') <= 2);
  const again = trials.filter(isTriedAgain);
  context.diagnostic(`${trials.length} trials, ${again.length} of them tried again`);
  const tally = await withStore(rig.kubernetes, (store) => compareWithRecord(store, ended, trials));
  assertNothingLost(context, 'endurance', tally);
}

function isTriedAgain({ status }: Trial): boolean {
  return (status?.attempts ?? []).some(({ number }) => number > 0);
}

function untilRunning({ experiments }: Rig): Promise<Trial> {
  return experiments.untilTrial('endurance', 'a trial reports', (trials) =>
    trials.find(({ status }) => status?.phase === 'Running'),
  );
}
