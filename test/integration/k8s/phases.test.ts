import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  podsIn,
  trialsIn,
} from './objects.ts';
import { eventsOf, placeOf, podCreations, type Script, useRig } from './pods-rig.ts';

const value = (pod: string) => ({ message: lastWords(placeOf(pod).index / 10), runFor: '100ms' });
const endless: Script = () => ({ runFor: 'never', terminateExitCode: 10 });

describe('what an experiment goes through', { skip: whyNoTools(), concurrency: true }, () => {
  const rig = useRig({ label: 'phases' });

  const ended = async (namespace: string) => {
    const { status } = await experimentEnded(rig.client, namespace, 'e');
    return [status?.phase, status?.reason];
  };
  const phases = async (namespace: string) =>
    (await trialsIn(rig.client, namespace)).map(({ status }) => [status?.phase, status?.reason]);
  const noneRuns = (namespace: string) =>
    waitFor(
      async () =>
        (await podsIn(rig.client, namespace)).items.every(({ metadata, status }) =>
          status?.phase === 'Failed' ? metadata.finalizers === undefined : false,
        ),
      { what: 'no pod is left but what is kept for its log' },
    );
  test('K2 K14 U11 the same names in two namespaces do not meet', async (context) => {
    const { client, plane, proxy } = rig;
    const names = ['twin-a', 'twin-b'];
    for (const [position, namespace] of names.entries()) {
      await rig.namespace(namespace, () => ({
        message: lastWords(position + 0.5),
        runFor: '100ms',
      }));
      await createExperiment(client, namespace, 'e', { trials: { max: 4, parallel: 2 } });
    }
    for (const [position, namespace] of names.entries()) {
      const { status } = await experimentEnded(client, namespace, 'e');
      assert.deepEqual([status?.best?.value, status?.trials?.total], [position + 0.5, 4]);
    }
    await plane.kubectl(['delete', 'experiment', 'e', '-n', 'twin-a']);
    assert.equal((await trialsIn(client, 'twin-b')).length, 4);
    const made = names.map((namespace) => podCreations(proxy, namespace).size);
    context.diagnostic(`pods of the two: ${made}`);
    assert.deepEqual(made, [4, 4]);
  });

  test('a conditional parameter is there exactly when its parent says so', async () => {
    const { client } = rig;
    await rig.namespace('conditional', value);
    await createExperiment(client, 'conditional', 'e', {
      parameters: [
        { name: 'schedule', string: { values: ['constant', 'warmup'] } },
        {
          name: 'warmupSteps',
          int: { values: [10, 20] },
          when: { parameter: 'schedule', in: ['warmup'] },
        },
      ],
      search: { algorithm: 'grid' },
      trials: { max: 10, parallel: 3 },
    });
    assert.deepEqual(await ended('conditional'), ['Succeeded', 'SearchSpaceExhausted']);
    const seen = (await trialsIn(client, 'conditional')).map(({ spec }) =>
      spec.parameters.map((parameter) => parameter.string ?? parameter.int).join(' '),
    );
    assert.deepEqual(seen.toSorted(), ['constant', 'warmup 10', 'warmup 20']);
  });

  test('replicates share a configuration; one that fails fails it and ends the others', async () => {
    const { client } = rig;
    await rig.namespace('replicates', (pod) => {
      const { index } = placeOf(pod);
      if (index === 3) return { exitCode: 30 };
      return index === 4 ? { runFor: 'never', terminateExitCode: 10 } : value(pod);
    });
    await createExperiment(client, 'replicates', 'e', {
      replicates: { parameter: 'seed', values: [1, 2, 3] },
      trials: { max: 2, parallel: 2 },
    });
    const { status } = await experimentEnded(client, 'replicates', 'e');
    assert.equal(status?.phase, 'Succeeded');
    assert.equal(status?.best?.configuration, 0);
    assert.ok(Math.abs((status?.best?.value ?? 0) - 0.1) < 1e-9, 'the mean of 0, 0.1 and 0.2');
    assert.deepEqual([status?.configurations?.completed, status?.configurations?.failed], [2, 1]);
    const trials = await trialsIn(client, 'replicates');
    const [first, second, third] = trials;
    assert.deepEqual(
      trials.slice(0, 3).map(({ spec }) => spec.parameters.find((p) => p.name === 'seed')?.int),
      [1, 2, 3],
    );
    const rates = [first, second, third].map((t) =>
      t?.spec.parameters.find((p) => p.name === 'lr'),
    );
    assert.deepEqual(rates[1], rates[0]);
    assert.deepEqual(rates[2], rates[0]);
    const stopped = (await phases('replicates')).slice(3);
    assert.deepEqual(stopped[0], ['Failed', 'ConfigurationError']);
    for (const one of stopped.slice(1)) assert.deepEqual(one, ['Stopped', 'ReplicateFailed']);
  });

  test('K16 U19 a reached target ends the running trials, and none is left', async () => {
    const { client } = rig;
    await rig.namespace('target', (pod) =>
      placeOf(pod).index === 1 ? { message: lastWords(0.9) } : endless(pod),
    );
    await createExperiment(client, 'target', 'e', {
      objective: { metric: 'acc', goal: 'maximize', target: 0.8 },
      trials: { max: 9, parallel: 3 },
    });
    assert.deepEqual(await ended('target'), ['Succeeded', 'TargetReached']);
    for (const [phase, reason] of (await phases('target')).filter((_, index) => index !== 1)) {
      assert.deepEqual([phase, reason], ['Stopped', 'TargetReached']);
    }
    await noneRuns('target');
  });

  test('K16 more failures than maxFailed end it, and none is left', async () => {
    const { client, proxy } = rig;
    await rig.namespace('failures', (pod) =>
      placeOf(pod).index < 2 ? { exitCode: 30 } : endless(pod),
    );
    await createExperiment(client, 'failures', 'e', {
      trials: { max: 9, parallel: 3, maxFailed: 1 },
    });
    assert.deepEqual(await ended('failures'), ['Failed', 'TooManyFailures']);
    await noneRuns('failures');
    assert.ok(podCreations(proxy, 'failures').size <= 4);
  });

  test('K8 refused parameters do not count towards max, and max is exact', async () => {
    const { client, proxy } = rig;
    await rig.namespace('refused', (pod) =>
      placeOf(pod).index === 1 ? { exitCode: 20 } : value(pod),
    );
    await createExperiment(client, 'refused', 'e', { trials: { max: 3, parallel: 1 } });
    const { status } = await experimentEnded(client, 'refused', 'e');
    assert.deepEqual([status?.phase, status?.progress], ['Succeeded', '3/3']);
    assert.equal(podCreations(proxy, 'refused').size, 4);
  });

  test('G5 U21 the deadline of the experiment ends it with the best so far', async () => {
    const { client } = rig;
    await rig.namespace('deadline', (pod) =>
      placeOf(pod).index === 0 ? value(pod) : endless(pod),
    );
    await createExperiment(client, 'deadline', 'e', {
      trials: { max: 9, parallel: 2 },
      deadlines: { experiment: '3s' },
    });
    assert.deepEqual(await ended('deadline'), ['Succeeded', 'DeadlineExceeded']);
    await noneRuns('deadline');
  });

  test('U9 a spec that cannot run says so at once, and starts nothing', async () => {
    const { client, plane, proxy } = rig;
    await rig.namespace('cycle', value);
    const parameter = (name: string, other: string) => ({
      name,
      int: { values: [1, 2] },
      when: { parameter: other, in: [1] },
    });
    await createExperiment(client, 'cycle', 'e', {
      parameters: [parameter('a', 'b'), parameter('b', 'a')],
    });
    await plane.kubectl([
      'wait',
      '-n',
      'cycle',
      'exp/e',
      '--for=condition=Failed',
      '--timeout=20s',
    ]);
    assert.deepEqual(await ended('cycle'), ['Failed', 'InvalidSpec']);
    assert.equal(podCreations(proxy, 'cycle').size, 0);
    const told = await waitFor(
      async () => (await eventsOf(client, 'cycle', 'e')).find((e) => /InvalidSpec/.test(e)),
      { what: 'an event tells of it' },
    );
    assert.match(told, /spec.parameters/);
  });

  test('the TTL removes a finished experiment with all its objects', async () => {
    const { client } = rig;
    await rig.namespace('ttl', (pod) => (placeOf(pod).index === 0 ? value(pod) : { exitCode: 30 }));
    await createExperiment(client, 'ttl', 'e', { trials: { max: 2 }, ttlSecondsAfterFinished: 1 });
    await waitFor(
      async () =>
        (await client.request('GET', experimentsPath('ttl', 'e'))).status === 404 &&
        (await trialsIn(client, 'ttl')).length === 0 &&
        (await podsIn(client, 'ttl')).items.length === 0,
      { what: 'nothing is left' },
    );
  });
});
