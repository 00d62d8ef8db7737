import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import type { Pod } from '../../kit/kube-types.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  podsIn,
  trialsIn,
} from '../k8s/objects.ts';
import { RELEASE } from './helm.ts';
import { apply, controllerImage, HERE, useChartRig } from './installed.ts';
import { makeSecondBuild, type SecondBuild } from './second-build.ts';

const TRAINS = `printf %s '${lastWords(0.5)}' > "$ESPALIER_TERMINATION_LOG"`;
const UNTIL_GO = `while [ ! -e "$ESPALIER_OUT/go" ]; do sleep 0.1; done; ${TRAINS}`;
/** With rights in its namespaces only. */
const FIRST = { ...HERE, namespaces: ['team'] };
const SECOND = { ...FIRST, images: { controller: { tag: '0.2.0' } } };

describe('two versions of the chart', { skip: whyNoTools() }, () => {
  let build: SecondBuild | undefined;
  const second = (): SecondBuild => {
    build ??= makeSecondBuild();
    return build;
  };
  const rig = useChartRig('versions', async (plane) => ({
    'localhost/espalier/controller:0.2.0': controllerImage(plane, second().program),
  }));
  after(() => build?.remove());

  const run = (name: string, script: string, more: object = {}) =>
    createExperiment(rig.plane.client, 'team', name, {
      trials: { max: 1 },
      deadlines: { metrics: '1s' },
      attempts: { maxRetries: 0 },
      trainer: { args: ['-c', script] },
      ...more,
    });
  const get = async (name: string): Promise<Experiment> =>
    (await rig.plane.client.get(experimentsPath('team', name))) as unknown as Experiment;
  const noteOf = async (name: string) => ((await get(name)).spec as { note?: string }).note;
  const runningPod = (name: string): Promise<Pod> =>
    waitFor(
      async () =>
        (await podsIn(rig.plane.client, 'team')).items.find(
          ({ metadata, status }) =>
            metadata.labels?.['espalier.dev/experiment'] === name && status?.phase === 'Running',
        ),
      { what: `a pod of ${name} runs` },
    );
  const succeeds = async (name: string): Promise<void> => {
    const { status } = await experimentEnded(rig.plane.client, 'team', name);
    assert.equal(status?.phase, 'Succeeded', status?.message);
  };
  const helm = async (args: readonly string[], values?: object): Promise<void> => {
    const { code, stderr } = await rig.helm(args, values as Parameters<typeof rig.helm>[1]);
    assert.equal(code, 0, stderr);
  };

  before(async () => {
    await makeNamespace(rig.plane.client, 'team');
    await helm(apply('install'), FIRST);
  });

  test('F24 G9 objects of one version live on through an upgrade and a rollback', async (context) => {
    const note = { note: 'by the second version' };
    await run('before', TRAINS);
    await succeeds('before');
    await run('through', UNTIL_GO);
    const pod = await runningPod('through');
    const golden = JSON.stringify((await get('before')).status);

    await helm(apply('upgrade', second().chart), SECOND);
    await run('with-note', TRAINS, note);
    await succeeds('with-note');
    assert.equal(await noteOf('with-note'), note.note);
    await run('waits-with-note', UNTIL_GO, note);
    const noted = await runningPod('waits-with-note');

    await helm(['rollback', RELEASE, '1', '--wait', '--timeout', '120s']);
    // What the first version does not know is not shown to it.
    assert.equal(await noteOf('waits-with-note'), undefined);
    await run('after', TRAINS);
    await succeeds('after');
    for (const { metadata } of [pod, noted]) {
      const { name = '', uid } = metadata;
      const same = (await podsIn(rig.plane.client, 'team')).items.find(
        (p) => p.metadata.name === name,
      );
      assert.equal(same?.metadata.uid, uid, `${name} is the pod that it was`);
    }
    for (const name of ['through', 'waits-with-note']) {
      go(name);
      await succeeds(name);
    }
    assert.equal(JSON.stringify((await get('before')).status), golden);
    const trials = await trialsIn(rig.plane.client, 'team');
    assert.deepEqual(
      trials.map(({ status }) => status?.attempts.length),
      trials.map(() => 1),
    );
    context.diagnostic(`${trials.length} trials, 1 attempt each, 2 of them through both changes`);
  });

  /** Lets the trainer of an Experiment end. */
  function go(name: string): void {
    const out = rig.node.path('team', `${name}-00000-a0`, '/espalier/out');
    writeFileSync(`${out}/go`, '');
  }
});
