import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExperimentSpec, Trial } from '@espalier/api';
import type { FakeBehaviour } from '../../kit/fake-pod.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createExperiment, experimentEnded, lastWords, podsIn } from './objects.ts';
import { podCreations, podRuns, type Script, trialAt, trialUntil, useRig } from './pods-rig.ts';

type Spec = Parameters<typeof createExperiment>[3];

interface Case {
  readonly name: string;
  readonly script: FakeBehaviour | Script;
  readonly spec?: Spec;
  readonly phase: string;
  readonly reason: string;
  readonly outcomes: readonly string[];
  /** Of the last attempt. */
  readonly exitCode?: number;
}

const ok = { message: lastWords(0.5) };
const attempts: Partial<ExperimentSpec['attempts']> = { maxRetries: 1, maxDisruptions: 2 };
const first =
  (attempt0: FakeBehaviour): Script =>
  (pod) =>
    pod.endsWith('-a0') ? attempt0 : ok;

/** Budgets: one retry, two disruptions. */
const CASES: readonly Case[] = [
  {
    name: 'F16 out of memory is final and the trial says so',
    script: { ending: 'oom' },
    ...{ phase: 'Failed', reason: 'OOMKilled', outcomes: ['Failed'], exitCode: 137 },
  },
  ...[1, 42, 137, 143].map((exitCode) => ({
    name: `F16 exit ${exitCode} uses up the retries`,
    script: { exitCode },
    ...{ phase: 'Failed', reason: 'ProgramError', outcomes: ['Failed', 'Failed'], exitCode },
  })),
  {
    name: 'F16 exit 1 once is retried',
    script: first({ exitCode: 1 }),
    ...{ phase: 'Succeeded', reason: 'Completed', outcomes: ['Failed', 'Succeeded'], exitCode: 0 },
  },
  {
    name: 'F16 exit 20 is final: these parameters are invalid',
    script: { exitCode: 20, message: 'warmupSteps exceeds the steps' },
    ...{ phase: 'Failed', reason: 'InvalidParameters', outcomes: ['Failed'], exitCode: 20 },
  },
  {
    name: 'F16 exit 21 is final: it diverged, which is no failure',
    script: { exitCode: 21 },
    ...{ phase: 'Stopped', reason: 'Diverged', outcomes: ['Stopped'], exitCode: 21 },
  },
  {
    name: 'F16 exit 30 is final: the data or the configuration is wrong',
    script: { exitCode: 30 },
    ...{ phase: 'Failed', reason: 'ConfigurationError', outcomes: ['Failed'], exitCode: 30 },
  },
  {
    name: 'F16 G5 exit 0 without a result is a failure, and is not waited for',
    script: { exitCode: 0 },
    ...{ phase: 'Failed', reason: 'MetricsUnavailable', outcomes: ['Failed'], exitCode: 0 },
  },
  {
    name: 'F16 exit 10 that nobody asked for is a disruption',
    script: { exitCode: 10 },
    phase: 'Failed',
    reason: 'TooManyDisruptions',
    outcomes: ['Disrupted', 'Disrupted', 'Disrupted'],
    exitCode: 10,
  },
  {
    name: 'F16 G5 U21 a trainer that ignores SIGTERM after a deadline ends with that deadline',
    script: { runFor: 'never', terminateAfter: '500ms', terminateExitCode: 137 },
    spec: { deadlines: { run: '1s' } },
    ...{ phase: 'Failed', reason: 'DeadlineExceeded', outcomes: ['Failed'], exitCode: 137 },
  },
  {
    name: 'F17 node pressure has its own budget',
    script: { ending: 'evict' },
    phase: 'Failed',
    reason: 'TooManyDisruptions',
    outcomes: ['Disrupted', 'Disrupted', 'Disrupted'],
  },
  {
    name: "F17 a node's shutdown is no failure of the program",
    script: first({ ending: 'shutdown' }),
    ...{ phase: 'Succeeded', reason: 'Completed', outcomes: ['Disrupted', 'Succeeded'] },
  },
  {
    name: 'F19 an image that does not come is a disruption once pending has passed',
    script: first({ stuckReason: 'ImagePullBackOff' }),
    spec: { deadlines: { pending: '1s' } },
    ...{ phase: 'Succeeded', reason: 'Completed', outcomes: ['Disrupted', 'Succeeded'] },
  },
  ...['InvalidImageName', 'CreateContainerConfigError'].map((stuckReason) => ({
    name: `F19 ${stuckReason} is final at once`,
    script: { stuckReason },
    ...{ phase: 'Failed', reason: 'Unstartable', outcomes: ['Failed'] },
  })),
  {
    name: 'K12 a trainer that ends at once keeps its value',
    script: { runFor: '0s', ...ok },
    ...{ phase: 'Succeeded', reason: 'Completed', outcomes: ['Succeeded'] },
  },
];

describe('how pods end', { skip: whyNoTools(), concurrency: true }, () => {
  const rig = useRig({ label: 'pods' });

  const summary = ({ status }: Trial) => ({
    phase: status?.phase,
    reason: status?.reason,
    outcomes: status?.attempts.map(({ outcome }) => outcome),
  });

  for (const [position, { name, script, spec, exitCode, ...expected }] of CASES.entries()) {
    test(`G2 G3 ${name}`, async (context) => {
      const { client, proxy } = rig;
      const namespace = `case-${position}`;
      await rig.namespace(namespace, typeof script === 'function' ? script : () => script);
      await createExperiment(client, namespace, 'e', { trials: { max: 1 }, attempts, ...spec });
      await experimentEnded(client, namespace, 'e');
      const trial = await trialAt(client, namespace, 'e-00000');
      assert.deepEqual(summary(trial), expected);
      if (exitCode !== undefined) assert.equal(trial.status?.attempts.at(-1)?.exitCode, exitCode);
      const made = [...podCreations(proxy, namespace)].filter(([pod]) => pod.includes('-00000-'));
      context.diagnostic(`${made.length} pods for ${expected.outcomes.length} attempts counted`);
      assert.deepEqual(
        made,
        expected.outcomes.map((_, attempt) => [`e-00000-a${attempt}`, 1]),
      );
    });
  }

  test('G2 F16 K16 a cancelled trainer that ignores SIGTERM is stopped, and none is left', async () => {
    const { client } = rig;
    await rig.namespace('cancel', () => ({
      runFor: 'never',
      terminateAfter: '500ms',
      terminateExitCode: 137,
    }));
    await createExperiment(client, 'cancel', 'e', { trials: { max: 2, parallel: 2 }, attempts });
    await podRuns(client, 'cancel', 'e-00001-a0');
    await rig.plane.kubectl([
      ...['patch', 'experiment', 'e', '-n', 'cancel', '--type=merge'],
      ...['-p', '{"spec":{"desiredState":"Cancel"}}'],
    ]);
    const { status } = await experimentEnded(client, 'cancel', 'e');
    assert.equal(status?.phase, 'Cancelled');
    for (const name of ['e-00000', 'e-00001']) {
      const stopped = { phase: 'Stopped', reason: 'Cancelled', outcomes: ['Stopped'] };
      assert.deepEqual(summary(await trialAt(client, 'cancel', name)), stopped);
    }
    const left = (await podsIn(client, 'cancel')).items.filter(
      ({ status: pod }) => pod?.phase === 'Running',
    );
    assert.deepEqual(left, []);
  });

  test('G2 G3 F17 the eviction API disrupts, and the next attempt goes on', async () => {
    const { client } = rig;
    await rig.namespace('evict', first({ runFor: 'never', terminateExitCode: 10 }));
    await createExperiment(client, 'evict', 'e', {
      trials: { max: 1 },
      attempts: { maxRetries: 0 },
    });
    await podRuns(client, 'evict', 'e-00000-a0');
    await client.create('/api/v1/namespaces/evict/pods/e-00000-a0/eviction', {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'e-00000-a0', namespace: 'evict' },
    });
    const ended = await trialUntil(
      client,
      'evict',
      'e-00000',
      ({ status }) => status?.phase === 'Succeeded',
      'succeeded',
    );
    assert.deepEqual(summary(ended).outcomes, ['Disrupted', 'Succeeded']);
    assert.equal(ended.status?.attempts[0]?.exitCode, 10);
  });
});
