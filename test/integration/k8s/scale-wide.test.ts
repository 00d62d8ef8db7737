import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fastPods } from '../../kit/kwok-stages.ts';
import { PodWatch } from '../../kit/pod-watch.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  experimentsPath,
  makeNamespace,
  trialsIn,
} from './objects.ts';
import { type Program, startProgram, tokenAccess } from './program.ts';

const ALL = process.env['ESPALIER_TEST_ALL'] === '1';
const EXPERIMENTS = 120;
const TRIALS = 30;
const HOUR_MS = 3_600_000;

describe('thousands of pods', { skip: ALL ? whyNoTools() : 'ESPALIER_TEST_ALL is not 1' }, () => {
  const cluster = useCluster({ label: 'wide', nodes: { stages: fastPods({ runFor: 'never' }) } });
  const stop = new AbortController();
  let program: Program;
  let pods: PodWatch;
  let watching: Promise<void>;

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    pods = new PodWatch(plane.client);
    watching = pods.run(stop.signal);
    watching.catch(() => {});
    program = startProgram(tokenAccess(plane));
    await program.controller.ready;
  });
  after(async () => {
    stop.abort();
    await program?.stop();
    await watching.catch(() => {});
  });

  test('U2 G14 3,600 pods run at once and end on Cancel', { timeout: HOUR_MS }, async (context) => {
    const { client } = cluster.plane;
    await makeNamespace(client, 'wide');
    const names = Array.from({ length: EXPERIMENTS }, (_, i) => `w${i}`);
    for (const name of names) {
      await createExperiment(client, 'wide', name, { trials: { max: TRIALS, parallel: TRIALS } });
    }
    await waitFor(() => pods.live === EXPERIMENTS * TRIALS, {
      what: 'all pods are there',
      timeoutMs: HOUR_MS,
    });
    for (const name of names) {
      const cancel = { spec: { desiredState: 'Cancel' } };
      await client.patch(experimentsPath('wide', name), 'merge-patch', cancel);
    }
    for (const name of names) {
      const { status } = await experimentEnded(client, 'wide', name, HOUR_MS);
      assert.equal(status?.phase, 'Cancelled', name);
    }
    await waitFor(() => pods.live === 0, { what: 'no pod runs', timeoutMs: HOUR_MS });
    const trials = await trialsIn(client, 'wide');
    const stopped = trials.filter(({ status }) => status?.phase === 'Stopped').length;
    context.diagnostic(
      `${pods.created} pods, ${pods.peak} at once, duplicates ${pods.twice.length}, ${stopped} trials stopped`,
    );
    assert.equal(pods.created, EXPERIMENTS * TRIALS);
    assert.equal(pods.peak, EXPERIMENTS * TRIALS);
    assert.equal(pods.largestPeak, TRIALS);
    assert.deepEqual(pods.twice, []);
    assert.equal(stopped, EXPERIMENTS * TRIALS);
    assert.equal(program.errors(), 0);
  });
});
