import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ARTIFACT, type Experiment, podName, type Trial } from '@espalier/api';
import { trialsCsv } from '../../../controller/src/domain/experiment/trials-csv.ts';
import { writeDigits } from '../../../trainer-image/src/digits/write-digits.ts';
import { type Prometheus, startPrometheus, whyNoPrometheus } from '../../kit/prometheus.ts';
import { makeStateFolder, type StateFolder } from '../../kit/state-folder.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { createExperiment, trialsIn } from '../k8s/objects.ts';
import { sampleOf } from './controller-process.ts';
import { experimentIn, succeeded } from './quick-experiment.ts';
import {
  assertNothingLost,
  compareWithTrainers,
  manifestIn,
  outFolder,
  stored,
  storedOf,
} from './record.ts';
import { IMAGE, S3_PREFIX, useStreams } from './rig.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NAMESPACE = 'digits';
const ENDED = new Set(['Succeeded', 'Failed', 'Cancelled']);

/** Runs a program of the repository and returns what it printed. */
async function run(main: string, args: readonly string[], env: Record<string, string> = {}) {
  const all = ['--conditions=@espalier/source', join(ROOT, main), ...args];
  const options = { env: { ...process.env, ESPALIER_CPU_THREADS: '1', ...env } };
  return (await promisify(execFile)(process.execPath, all, options)).stdout;
}

describe('an experiment from data set to best model', {
  skip: whyNoTools(),
  timeout: 240_000,
}, () => {
  const rig = useStreams({ label: 'experiment' });
  let files: StateFolder;
  let prometheus: Prometheus | undefined;
  let experiment: Experiment;
  let trials: readonly Trial[];
  /** Every step that could be read while the trial ran, by the Trial's name. */
  const seenSteps = new Map<string, Set<number>>();

  before(async () => {
    files = makeStateFolder('digits');
    await writeDigits(files.file('digits'), 400);
    await rig.namespace(NAMESPACE);
  });
  after(async () => {
    await prometheus?.stop();
    files?.remove();
  });

  const storeEnv = () => ({
    AWS_ACCESS_KEY_ID: rig.s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: rig.s3.credentials.secretAccessKey,
    ESPALIER_S3_ENDPOINT: rig.s3.url,
    ESPALIER_S3_PATH_STYLE: 'true',
    ESPALIER_S3_BUCKET: rig.s3.bucket,
    ESPALIER_S3_PREFIX: S3_PREFIX,
  });

  test('U12 U13 the curve of a trial can be read by step while it runs', async (context) => {
    await run(
      'cli/src/main.ts',
      ['data', 'push', files.file('digits'), '-n', NAMESPACE],
      storeEnv(),
    );
    const leader = await rig.leader();
    if (whyNoPrometheus() === false) {
      const targets = [leader.url.replace('http://', '')];
      prometheus = await startPrometheus({
        scrapeConfigs: [
          {
            job_name: 'espalier',
            scrape_interval: '500ms',
            honor_labels: true,
            static_configs: [{ targets }],
          },
        ],
      });
      const { query } = prometheus;
      await waitFor(async () => (await query('up'))[0]?.value === '1', { what: 'it scrapes' });
    }
    // Reports go out once a second, so the run has to take a few on any machine.
    const fixed = { epochs: 12, patience: 12, batchSize: 8, imageSize: 32 };
    await createExperiment(rig.client, NAMESPACE, 'e', {
      objective: { metric: 'valid_acc', goal: 'maximize' },
      parameters: [
        { name: 'lr', float: { values: [1e-3, 1e-5] } },
        { name: 'width', float: { value: 0.1 } },
        ...Object.entries(fixed).map(([name, value]) => ({ name, int: { value } })),
      ],
      search: { algorithm: 'grid' },
      trials: { max: 2, parallel: 2, maxFailed: 0 },
      trainer: { image: IMAGE.trainer, resources: { gpu: 0, cpu: '1' } },
      data: { s3: { key: 'digits.tar' } },
    });
    for (;;) {
      const page = await leader.metrics();
      const { status } = await experimentIn(rig, NAMESPACE);
      if (ENDED.has(status?.phase ?? '')) break;
      for (const trial of ['e-00000', 'e-00001']) {
        const labels = { namespace: NAMESPACE, experiment: 'e', trial };
        const step = sampleOf(page, 'espalier_trial_step', labels);
        const loss = sampleOf(page, 'espalier_trial_metric', { ...labels, metric: 'loss' });
        if (step === undefined || loss === undefined) continue;
        const steps = seenSteps.get(trial) ?? new Set();
        seenSteps.set(trial, steps.add(step));
      }
      await sleep(200);
    }
    experiment = await succeeded(rig, NAMESPACE);
    trials = await trialsIn(rig.client, NAMESPACE);
    const counts = [...seenSteps].map(([trial, steps]) => `${trial} at ${steps.size} steps`);
    context.diagnostic(`read while they ran: ${counts.join(', ')}`);
    assert.equal(seenSteps.size, 2);
    for (const [trial, steps] of seenSteps) assert.ok(steps.size >= 2, `${trial}: ${[...steps]}`);
  });

  test('U13 Prometheus has the same curve', { skip: whyNoPrometheus() }, async (context) => {
    assert.ok(prometheus);
    const query = `espalier_trial_step{namespace="${NAMESPACE}",trial="e-00000"}[10m]`;
    const [series] = (
      await prometheus.api<{ result: { values: [number, string][] }[] }>(
        `query?query=${encodeURIComponent(query)}`,
      )
    ).result;
    const steps = new Set(series?.values.map(([, value]) => Number(value)));
    context.diagnostic(`Prometheus has e-00000 at ${steps.size} steps`);
    assert.ok(steps.size >= 2, [...steps].join(' '));
  });

  test('U15 G6 the record in the object store is what the trainers wrote, byte by byte', async (context) => {
    assertNothingLost(context, 'digits', await compareWithTrainers(rig, experiment));
    for (const trial of trials) {
      const files = manifestIn(outFolder(rig, NAMESPACE, podName(trial.metadata.name, 0)))?.files;
      const paths = files?.map(({ path }) => path) ?? [];
      for (const path of [
        ARTIFACT.metricsCsv,
        ARTIFACT.stepsCsv,
        ARTIFACT.submissionCsv,
        ARTIFACT.log,
      ]) {
        assert.ok(paths.includes(path), `${path} is in the manifest`);
      }
    }
    const table = await storedOf(rig, experiment, ARTIFACT.trialsCsv);
    assert.equal(table?.toString(), trialsCsv(experiment.spec, trials));
  });

  test('G8 the best checkpoint of the object store scores the value that status names', async (context) => {
    const { best } = experiment.status ?? {};
    assert.ok(best?.checkpoint, JSON.stringify(experiment.status));
    const winner = trials.find(({ metadata }) => metadata.name === best.trial);
    assert.ok(winner);
    const named = JSON.parse((await storedOf(rig, experiment, ARTIFACT.best))?.toString() ?? '{}');
    assert.deepEqual(
      [named.trial, named.value, named.step, named.checkpoint],
      [best.trial, best.value, best.step, best.checkpoint],
    );
    const path = `checkpoint-${best.step}/${ARTIFACT.model}`;
    assert.ok(best.checkpoint.uri.endsWith(path), best.checkpoint.uri);
    const model = await stored(rig, experiment, winner, 0, path);
    assert.ok(model, `${path} is in the store`);
    const copy = files.file('best.safetensors');
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, model);
    const cache = files.file('pixels');
    const args = ['evaluate', copy, files.file('digits'), '--cache', cache];
    const scored = JSON.parse(await run('trainer-image/src/main.ts', args));
    context.diagnostic(`status names ${best.value}, the model scores ${JSON.stringify(scored)}`);
    assert.equal(scored.accuracy, best.value);
    const loser = trials.find(({ metadata }) => metadata.name !== best.trial);
    assert.ok(loser);
    const { step } = loser.status?.observation ?? {};
    const left = await stored(rig, experiment, loser, 0, `checkpoint-${step}/${ARTIFACT.model}`);
    assert.equal(left, undefined, 'a checkpoint that lost does not stay');
  });
});
