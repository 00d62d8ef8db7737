import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Experiment, isTerminalTrial, type Trial } from '@espalier/api';
import { recomputed } from '../../../controller/src/domain/testing/recomputed.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { createExperiment, experimentEnded, experimentsPath, trialsIn } from '../k8s/objects.ts';
import { applyQuick, succeeded } from './quick-experiment.ts';
import { isWholeInStore } from './record.ts';
import { IMAGE, QUICK_LEASE, useStreams } from './rig.ts';

const NAMESPACE = 'goals';
const PARAMETERS = [{ name: 'cost', float: { min: 0, max: 1 } }];
const GOALS = {
  objective: undefined,
  objectives: [
    { metric: 'valid_acc', goal: 'maximize' as const, report: 'best' as const },
    { metric: 'epoch_seconds', goal: 'minimize' as const, report: 'last' as const },
  ],
  constraints: [{ metric: 'train_loss', max: 0.5 }],
  parameterConstraints: [
    {
      sum: [
        { parameter: 'top', weight: 1 },
        { parameter: 'cost', weight: 1 },
      ],
      max: 1.2,
    },
  ],
  search: { algorithm: 'tpe', seed: 3 },
};

const metricOf = ({ status }: Trial, metric: string) =>
  status?.observation?.values?.find((one) => one.metric === metric)?.value ?? Number.NaN;

function frontOf(trials: readonly Trial[]): string[] {
  const beats = (a: Trial, b: Trial) => {
    const [acc, other] = [metricOf(a, 'valid_acc'), metricOf(b, 'valid_acc')];
    const [slow, than] = [metricOf(a, 'epoch_seconds'), metricOf(b, 'epoch_seconds')];
    return acc >= other && slow <= than && (acc > other || slow < than);
  };
  return trials
    .filter((trial) => !trials.some((other) => beats(other, trial)))
    .map(({ metadata }) => metadata.name)
    .sort();
}

function assertReplayed(t: TestContext, experiment: Experiment, trials: readonly Trial[]): void {
  const value = recomputed(experiment, trials, { oneController: false });
  assert.deepEqual([value.differences, value.unknowns], [[], []]);
  assert.equal(value.suggestions.equal, trials.length);
  t.diagnostic(`${experiment.metadata.name}: ${trials.length} suggestions recomputed`);
}

describe('several objectives on a cluster', { skip: whyNoTools(), timeout: 180_000 }, () => {
  const rig = useStreams({
    label: 'goals',
    flags: QUICK_LEASE,
  });
  const trialsOf = async (name: string) =>
    (await trialsIn(rig.client, NAMESPACE)).filter((one) =>
      one.metadata.name.startsWith(`${name}-`),
    );

  test('U24 G1 G8 G15 the front, its checkpoints and a warm start outlive kills of the controller', async (t) => {
    await rig.namespace(NAMESPACE);
    await applyQuick(rig, NAMESPACE, {
      ...GOALS,
      parameters: PARAMETERS,
      trials: { max: 14, parallel: 4, maxFailed: 0 },
      attempts: { maxRetries: 0, maxDisruptions: 0 },
      enqueue: [{ parameters: [{ name: 'top', float: 0.5 }] }],
      pace: { epochs: 2, steps: 2, epochMs: 300 },
    });
    const leader = await rig.leader();
    await waitFor(
      async () =>
        (await trialsOf('e')).filter(({ status }) => isTerminalTrial(status?.phase)).length >= 5,
      { what: 'five trials have ended', timeoutMs: 60_000 },
    );
    await leader.process.kill();
    await rig.startController();
    const experiment = await succeeded(rig, NAMESPACE, 90_000);
    const trials = await trialsOf('e');
    assert.equal(trials.length, 14);
    assert.equal(trials[0]?.spec.parameters.find(({ name }) => name === 'top')?.float, 0.5);
    const { best, pareto } = experiment.status ?? {};
    assert.deepEqual(pareto?.front.map(({ trial }) => trial).sort(), frontOf(trials));
    assert.equal(best?.trial, pareto?.front[0]?.trial);
    for (const { trial, checkpoint } of pareto?.front ?? []) {
      assert.ok(checkpoint !== undefined && (await isWholeInStore(rig, checkpoint)), trial);
    }
    assertReplayed(t, experiment, trials);
    t.diagnostic(`${pareto?.size} of 14 on the front, each with a whole checkpoint`);

    const second = await rig.leader();
    await createExperiment(rig.client, NAMESPACE, 'w', {
      ...GOALS,
      parameters: experiment.spec.parameters,
      trials: { max: 4, parallel: 2, maxFailed: 0 },
      trainer: { image: IMAGE.quick, gracePeriod: '20s' },
      warmStart: { experiments: ['e'], enqueue: 1 },
    });
    const taken = await waitFor(
      async () => {
        const found = await rig.client.get(experimentsPath(NAMESPACE, 'w'));
        return (found as unknown as Experiment).status?.warmStart;
      },
      { what: 'what is taken stands in the status', timeoutMs: 30_000 },
    );
    await second.process.kill();
    await rig.startController();
    const warm = await experimentEnded(rig.client, NAMESPACE, 'w', 90_000);
    assert.equal(warm.status?.phase, 'Succeeded', JSON.stringify(warm.status));
    assert.deepEqual(warm.status?.warmStart, taken);
    assert.equal(taken.configurations.length, 14);
    const [tried] = await trialsOf('w');
    assert.deepEqual(tried?.spec.parameters, best?.parameters, 'the best is tried again first');
    assertReplayed(t, warm, await trialsOf('w'));
  });
});
