import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ARTIFACT, isTerminalTrial, podName, type Trial } from '@espalier/api';
import { assertNothingLost } from '../integration/streams/record.ts';
import { whyNoPrometheus } from '../kit/prometheus.ts';
import { waitFor } from '../kit/wait.ts';
import { DATA_SET, TEAM } from './experiments.ts';
import { drain, evict } from './faults.ts';
import { run } from './program.ts';
import type { Rig } from './rig.ts';
import { startScraping } from './scraping.ts';
import { compareWithRecord, fileOf, objectsOf, withStore } from './store.ts';

/** A sweep of real trainers that are evicted and drained, and what it leaves. */

const GOAL = 0.95;
const SLOW_MS = 12 * 60_000;
const RESUME = 'espalier.dev/resume-from';

export async function waitForGpu(rig: Rig, context: TestContext): Promise<void> {
  const { experiments, kubernetes } = rig;
  await experiments.apply('digits');
  await waitFor(
    async () => (await experiments.pods('digits')).filter(({ spec }) => spec.nodeName).length === 2,
    { what: 'two trials have the two GPUs of the node', timeoutMs: SLOW_MS },
  );
  await experiments.apply('hungry');
  const waiting = await experiments.untilTrial('hungry', 'it waits for a GPU', (trials) =>
    trials.find(({ status }) => status?.phase === 'Pending' && status.reason === 'Unschedulable'),
  );
  assert.match(waiting.status?.message ?? '', /Insufficient [^)]*nvidia\.com\/gpu/);
  context.diagnostic(`${waiting.metadata.name}: ${waiting.status?.message}`);
  const shown = await kubernetes.kubectl(['get', 'trials', '-n', TEAM]);
  for (const line of shown.trimEnd().split('\n')) context.diagnostic(line);
}

export async function watchMetrics(rig: Rig, context: TestContext): Promise<void> {
  const { experiments } = rig;
  await waitFor(
    async () =>
      (await experiments.pods('digits')).some(({ status }) => status?.phase === 'Running'),
    { what: 'a trainer runs', timeoutMs: SLOW_MS },
  );
  rig.mark('first pod');
  const why = whyNoPrometheus();
  if (why !== false) return context.skip(why);
  const prometheus = await startScraping(rig.kubernetes);
  try {
    const series = `namespace="${TEAM}",experiment="digits"`;
    const steps = new Set<number>();
    await waitFor(
      async () => {
        const [found] = await prometheus.query(`max(espalier_trial_step{${series}})`);
        const step = Number(found?.value ?? 0);
        if (step > 0) {
          rig.mark('first metric');
          steps.add(step);
        }
        return steps.size >= 3;
      },
      { what: 'Prometheus has three steps of a trial', timeoutMs: SLOW_MS, maxPauseMs: 300 },
    );
    const losses = await prometheus.query(`espalier_trial_metric{${series},metric="loss"}`);
    assert.ok(losses.length >= 1);
    const trials = await experiments.trials('digits');
    assert.ok(
      trials.some(({ status }) => !isTerminalTrial(status?.phase)),
      'it still trains',
    );
    context.diagnostic(`steps ${[...steps].join(', ')} read from Prometheus while it trained`);
  } finally {
    await prometheus.stop();
  }
}

export async function evictPod(rig: Rig, context: TestContext): Promise<void> {
  const trial = await inTheMiddle(rig, 2);
  const attempt = attemptOf(trial);
  await evict(rig.kubernetes, podName(trial.metadata.name, attempt));
  const step = await untilResumed(rig, trial, attempt + 1);
  context.diagnostic(`${trial.metadata.name} goes on from step ${step}`);
}

export async function drainPods(rig: Rig, context: TestContext): Promise<void> {
  const trial = await inTheMiddle(rig, 3);
  const attempt = attemptOf(trial);
  const name = podName(trial.metadata.name, attempt);
  const pods = await rig.experiments.pods('digits');
  const node = pods.find(({ metadata }) => metadata.name === name)?.spec.nodeName;
  assert.ok(node, `${name} is on a node`);
  await drain(rig.kubernetes, node, 'digits');
  const step = await untilResumed(rig, trial, attempt + 1);
  context.diagnostic(`${pods.length} pods drained, ${trial.metadata.name} goes on from ${step}`);
}

export async function outOfMemory(rig: Rig, context: TestContext): Promise<void> {
  const { experiments } = rig;
  const ended = await experiments.untilEnded('hungry');
  assert.equal(ended.status?.phase, 'Failed');
  const [trial, ...more] = await experiments.trials('hungry');
  assert.ok(trial);
  assert.deepEqual(more, []);
  const { status } = trial;
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'OOMKilled']);
  const attempts = status?.attempts.map(({ number, outcome }) => [number, outcome]);
  assert.deepEqual(attempts, [[0, 'Failed']], 'it is not tried again');
  const log = await withStore(rig.kubernetes, (store) =>
    fileOf(store, ended, trial, 0, ARTIFACT.log),
  );
  assert.ok(log !== undefined, 'its log is in the store');
  context.diagnostic(`${status?.message}; log of ${log.length} bytes`);
}

export async function sweepEnds(rig: Rig, context: TestContext): Promise<void> {
  const { experiments, pods } = rig;
  const ended = await experiments.untilEnded('digits');
  rig.mark('sweep done');
  const trials = await experiments.trials('digits');
  for (const { metadata, status } of trials) {
    const attempts = status?.attempts.map(({ outcome }) => outcome).join(',');
    const end = `${status?.phase}/${status?.reason} (${attempts})`;
    context.diagnostic(`${metadata.name} ${end} ${status?.observation?.value}`);
  }
  assert.equal(ended.status?.phase, 'Succeeded', ended.status?.message);
  const stopped = trials.filter(({ status }) => status?.reason === 'EarlyStopped');
  assert.ok(stopped.length >= 1, 'ASHA stops at least one');
  assert.deepEqual(pods.twice, []);
  assert.ok(pods.peakOf(TEAM, 'digits') <= 2);
  const tally = await withStore(rig.kubernetes, (store) => compareWithRecord(store, ended, trials));
  assertNothingLost(context, 'sweep', tally);
}

export async function fetchBest(rig: Rig, context: TestContext): Promise<void> {
  const { experiments, files, kubernetes } = rig;
  const experiment = await experiments.get('digits');
  const { best } = experiment.status ?? {};
  assert.ok(best);
  const folder = files.file('best');
  const names = await withStore(kubernetes, async (store) => {
    const where = ['--kubeconfig', kubernetes.kubeconfig, '-n', TEAM];
    await run('cli/src/main.ts', ['best', 'digits', ...where, '--download', folder], store.env);
    return objectsOf(store, experiment);
  });
  rig.mark('best fetched');
  for (const name of [ARTIFACT.best, ARTIFACT.trialsCsv]) assert.ok(names.includes(name), name);
  const count = (end: string) => names.filter((name) => name.endsWith(`/${end}`)).length;
  assert.ok(count(ARTIFACT.metricsCsv) >= 4);
  const cache = files.file('pixels');
  const score = JSON.parse(
    await run('trainer-image/src/main.ts', [
      ...['evaluate', folder, files.file(DATA_SET), '--cache', cache],
    ]),
  ) as { readonly accuracy: number };
  const said = `${best.trial}: status says ${best.value}, the fetched model ${score.accuracy}`;
  context.diagnostic(`${said}; ${names.length} objects in the store`);
  assert.equal(score.accuracy, best.value);
  assert.ok(score.accuracy >= GOAL, said);
}

/** A running trial that has a checkpoint behind it and work before it. */
function inTheMiddle({ experiments }: Rig, epochs: number): Promise<Trial> {
  return experiments.untilTrial('digits', `a trial has trained ${epochs} epochs`, (trials) =>
    trials.find(
      ({ status }) => status?.phase === 'Running' && (status.observation?.lastEpoch ?? 0) >= epochs,
    ),
  );
}

function attemptOf({ status }: Trial): number {
  return status?.attempts.at(-1)?.number ?? 0;
}

/** Resolves with the step of the checkpoint that the attempt begins with. */
async function untilResumed({ experiments }: Rig, trial: Trial, attempt: number): Promise<number> {
  const name = podName(trial.metadata.name, attempt);
  const pod = await waitFor(
    async () => (await experiments.pods('digits')).find(({ metadata }) => metadata.name === name),
    { what: `${name} is there`, timeoutMs: SLOW_MS },
  );
  const step = Number(pod.metadata.annotations?.[RESUME]?.split('/').at(-1) ?? 0);
  assert.ok(step > 0, `${name} begins with a checkpoint`);
  return step;
}
