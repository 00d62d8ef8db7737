import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ARTIFACT, podName, type Trial } from '@espalier/api';
import { PodWatch } from '../../kit/pod-watch.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { experimentEnded, trialsIn } from '../k8s/objects.ts';
import { podRuns } from '../k8s/pods-rig.ts';
import { applyQuick, experimentIn, succeeded } from './quick-experiment.ts';
import { assertNothingLost, compareWithTrainers, manifestIn, outFolder, stored } from './record.ts';
import { IMAGE, useStreams } from './rig.ts';

const outcomesOf = ({ status }: Trial) =>
  status?.attempts.map(({ outcome, exitCode }) => `${outcome} ${exitCode}`);

const isStopped = ({ status }: Trial) => status?.phase === 'Stopped';

/** Mounting needs root, and changes the host for as long as it takes. */
const whyNoMounts =
  process.getuid?.() === 0 && process.env['ESPALIER_HOST_TESTS'] === '1'
    ? false
    : 'only as root with ESPALIER_HOST_TESTS=1';

const OPTIONS = { skip: whyNoTools(), timeout: 240_000, concurrency: true };

describe('trials that end in all ways', OPTIONS, () => {
  const rig = useStreams({
    label: 'endings',
    onVolume: ({ metadata }, volume, folder) => {
      if (metadata.namespace !== 'full' || metadata.name !== 'e-00000-a0' || volume !== 'out')
        return;
      smallDisk = folder;
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', folder]);
    },
  });
  let smallDisk = '';

  const printed = (namespace: string, pod: string) =>
    readFileSync(rig.node.container(namespace, pod).logFile, 'utf8');

  /** Resolves once the store has that checkpoint of the first trial. */
  const savedStep = (namespace: string, attempt = 0, step = 10) =>
    waitFor(
      async () => {
        const experiment = await experimentIn(rig, namespace);
        const [trial] = await trialsIn(rig.client, namespace);
        const manifest = `manifest-${step}.json`;
        return trial && (await stored(rig, experiment, trial, attempt, manifest));
      },
      { what: `attempt ${attempt} has saved step ${step}` },
    );

  test('U22 F16 a trainer that is killed goes on from its checkpoint in the store', async (context) => {
    await rig.namespace('killed');
    await applyQuick(rig, 'killed', {
      trials: { max: 1, parallel: 1, maxFailed: 0 },
      parameters: [{ name: 'holds', int: { value: 2 } }],
      pace: { epochs: 6 },
    });
    for (const attempt of [0, 1]) {
      await savedStep('killed', attempt, 10 * (attempt + 1));
      process.kill(rig.node.container('killed', podName('e-00000', attempt)).pid ?? 0, 'SIGKILL');
    }
    const experiment = await succeeded(rig, 'killed');
    const [trial] = await trialsIn(rig.client, 'killed');
    assert.ok(trial);
    assert.deepEqual(outcomesOf(trial), ['Failed 137', 'Failed 137', 'Succeeded 0']);
    const begun = [1, 2].map((attempt) =>
      Number(/begins at step (\d+)/.exec(printed('killed', podName('e-00000', attempt)))?.[1]),
    );
    context.diagnostic(`killed after saving steps 10 and 20, went on at steps ${begun}`);
    assert.deepEqual(begun, [10, 20]);
    assertNothingLost(context, 'killed', await compareWithTrainers(rig, experiment));
  });

  test('F16 a trainer that runs out of memory is not tried again, and its log is kept', async (context) => {
    await rig.namespace('oom');
    await applyQuick(rig, 'oom', {
      trials: { max: 1, parallel: 1, maxFailed: 0 },
      parameters: [{ name: 'holds', int: { value: 1 } }],
    });
    await savedStep('oom');
    rig.node.container('oom', 'e-00000-a0').runOutOfMemory();
    const experiment = await experimentEnded(rig.client, 'oom', 'e');
    assert.equal(experiment.status?.phase, 'Failed');
    const [trial] = await trialsIn(rig.client, 'oom');
    assert.ok(trial);
    assert.equal(`${trial.status?.phase} ${trial.status?.reason}`, 'Failed OOMKilled');
    assert.deepEqual(outcomesOf(trial), ['Failed 137']);
    const log = await waitFor(() => stored(rig, experiment, trial, 0, ARTIFACT.log), {
      what: 'the log is kept',
    });
    context.diagnostic(`log.txt has ${log.length} bytes`);
    assert.equal(log.toString(), printed('oom', 'e-00000-a0'));
  });

  test('F25 G3 a full disk costs an attempt and not the trial', {
    skip: whyNoMounts,
  }, async (context) => {
    context.after(() => execFileSync('umount', ['-l', smallDisk]));
    await rig.namespace('full');
    await applyQuick(rig, 'full', {
      trials: { max: 1, parallel: 1, maxFailed: 0 },
      pace: { epochs: 8 },
    });
    const experiment = await succeeded(rig, 'full');
    const [trial] = await trialsIn(rig.client, 'full');
    assert.ok(trial);
    assert.deepEqual(outcomesOf(trial), ['Failed 1', 'Succeeded 0']);
    assert.match(printed('full', 'e-00000-a0'), /ENOSPC|no space left/);
    const [, step = ''] = /begins at step (\d+)/.exec(printed('full', 'e-00000-a1')) ?? [];
    context.diagnostic(`the disk was full, and the next attempt went on at step ${step}`);
    assert.ok(Number(step) > 0);
    assertNothingLost(context, 'full', await compareWithTrainers(rig, experiment));
  });

  test('U14 K12 a trainer that knows files only is carried by a sidecar, nothing lost at its end', async (context) => {
    await rig.namespace('sidecar');
    await applyQuick(rig, 'sidecar', {
      trials: { max: 3, parallel: 3, maxFailed: 0 },
      trainer: { image: IMAGE.quick, sidecar: true },
      pace: { epochs: 3, epochMs: 30 },
    });
    const experiment = await succeeded(rig, 'sidecar');
    for (const trial of await trialsIn(rig.client, 'sidecar')) {
      assert.deepEqual(outcomesOf(trial), ['Succeeded 0']);
    }
    assertNothingLost(context, 'sidecar', await compareWithTrainers(rig, experiment));
  });

  test('K7 a trial that diverges is Stopped, never the best, and its record is whole', async (context) => {
    await rig.namespace('nan');
    await applyQuick(rig, 'nan', {
      parameters: [{ name: 'mode', string: { values: ['ok', 'nan'] } }],
      trials: { max: 4, parallel: 4, maxFailed: 0 },
    });
    const experiment = await succeeded(rig, 'nan');
    const trials = await trialsIn(rig.client, 'nan');
    const diverged = trials.filter(({ status }) => status?.reason === 'Diverged');
    const wanted = trials.filter(({ spec }) =>
      spec.parameters.some(({ name, string }) => name === 'mode' && string === 'nan'),
    );
    assert.ok(wanted.length > 0 && wanted.length < 4, `${wanted.length} of 4 are to diverge`);
    assert.deepEqual(diverged, wanted);
    assertNothingLost(context, 'nan', await compareWithTrainers(rig, experiment));
  });

  test('G10 deleting an Experiment in the middle takes its pods and Secrets', async () => {
    await rig.namespace('deleted');
    await applyQuick(rig, 'deleted', {
      trials: { max: 2, parallel: 2, maxFailed: 0 },
      parameters: [{ name: 'holds', int: { value: 1 } }],
    });
    await Promise.all(
      ['e-00000-a0', 'e-00001-a0'].map((pod) => podRuns(rig.client, 'deleted', pod)),
    );
    await savedStep('deleted');
    const core = '/api/v1/namespaces/deleted';
    const names = async (kind: string) =>
      (await rig.client.list(`${core}/${kind}`)).items.map(({ metadata }) => metadata.name);
    assert.equal((await names('secrets')).length, 2);
    await rig.client.remove('/apis/espalier.dev/v1alpha1/namespaces/deleted/experiments/e');
    await waitFor(
      async () => [...(await names('pods')), ...(await names('secrets'))].length === 0,
      { what: 'no pod and no Secret is left' },
    );
  });

  const watching = new AbortController();
  let pods: PodWatch;
  let following: Promise<void>;

  before(() => {
    pods = new PodWatch(rig.client);
    following = pods.run(watching.signal).catch(() => {});
  });
  after(async () => {
    watching.abort();
    await following;
  });

  const rules = {
    asha: {
      tops: [0.9, 0.8, 0.2, 0.85, 0.3, 0.1],
      rule: { algorithm: 'asha', min: 1, max: 8, eta: 2, minRungSize: 2 },
    },
    // It wants five others before it stops one.
    median: {
      tops: [0.9, 0.8, 0.85, 0.75, 0.7, 0.95, 0.1, 0.2],
      rule: { algorithm: 'median', min: 1, interval: 1 },
    },
  } as const;
  for (const [name, { tops, rule }] of Object.entries(rules)) {
    test(`U12 G14 ${name} stops trials on curves as they come; they save, and their slots are used again`, async (context) => {
      await rig.namespace(name);
      await applyQuick(rig, name, {
        tops,
        earlyStopping: rule,
        artifacts: { keep: 'all' },
        trials: { max: tops.length, parallel: 3, maxFailed: 0 },
        parameters: [{ name: 'mode', string: { value: 'drag' } }],
        pace: { epochs: 8, epochMs: 150 },
      });
      const experiment = await succeeded(rig, name);
      const trials = await trialsIn(rig.client, name);
      const stopped = trials.filter(isStopped);
      for (const { metadata, status } of stopped) {
        assert.equal(status?.reason, 'EarlyStopped', metadata.name);
        assert.equal(status?.rungs.at(-1)?.verdict, 'stop');
        assert.deepEqual(
          status?.attempts.map(({ outcome, exitCode }) => `${outcome} ${exitCode}`),
          ['Stopped 10'],
          `${metadata.name} saves and says so`,
        );
      }
      for (const trial of stopped) {
        const folder = outFolder(rig, name, podName(trial.metadata.name, 0));
        const { step, resume } = manifestIn(folder) ?? {};
        assert.deepEqual(resume, { step }, 'it could go on from where it was stopped');
        const path = `checkpoint-${step}/state.safetensors`;
        assert.ok(await stored(rig, experiment, trial, 0, path), `${path} is in the store`);
      }
      const ran = trials.filter((trial) => !isStopped(trial)).length;
      context.diagnostic(`${name}: ${stopped.length} of ${trials.length} stopped, ${ran} complete`);
      assert.ok(stopped.length > 0, 'none was stopped');
      assert.ok(ran > 0, 'all were stopped');
      assert.ok(pods.peakOf(name, 'e') <= 3, `${pods.peakOf(name, 'e')} pods at once`);
      assertNothingLost(context, name, await compareWithTrainers(rig, experiment));
    });
  }
});
