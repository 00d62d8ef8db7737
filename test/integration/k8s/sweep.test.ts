import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
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
  podsIn,
  scriptPods,
  trialsIn,
} from './objects.ts';
import { type Program, startProgram, tokenAccess } from './program.ts';

const indexOf = (pod: string): number => Number(/-(\d{5})-a\d+$/.exec(pod)?.[1]);
const attemptOf = (pod: string): number => Number(/-a(\d+)$/.exec(pod)?.[1]);

describe('a sweep on a real control plane', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'sweep' });
  let proxy: FaultProxy;
  let program: Program;

  before(async () => {
    await applyCrds(cluster.plane);
    proxy = await startKubeProxy(cluster.plane, {
      rules: [
        scriptPods((pod) => {
          const message = lastWords(indexOf(pod) / 100);
          // The third configuration fails once, the fifth is evicted once.
          if (attemptOf(pod) === 0 && indexOf(pod) === 2) return { exitCode: 7, runFor: '100ms' };
          if (attemptOf(pod) === 0 && indexOf(pod) === 4)
            return { ending: 'evict', runFor: '100ms' };
          return { message, runFor: '200ms' };
        }),
      ],
    });
    program = startProgram(tokenAccess(cluster.plane, proxy.url));
    await program.controller.ready;
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
  });

  test('twelve trials run, the best is found, every end is counted once', async (context) => {
    const { client } = cluster.plane;
    await makeNamespace(client, 'twelve');
    const from = proxy.requests.length;
    await createExperiment(client, 'twelve', 'digits', { trials: { max: 12, parallel: 4 } });
    const ended = await experimentEnded(client, 'twelve', 'digits');
    assert.equal(ended.status?.phase, 'Succeeded');
    assert.equal(ended.status?.reason, 'MaxTrialsReached');
    assert.equal(ended.status?.best?.trial, 'digits-00011');
    assert.equal(ended.status?.best?.value, 0.11);
    const trials = await trialsIn(client, 'twelve');
    assert.deepEqual(
      trials.map(({ status }) => status?.phase),
      Array.from({ length: 12 }, () => 'Succeeded'),
    );
    const outcomes = (index: number) =>
      trials[index]?.status?.attempts.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes(2), ['Failed', 'Succeeded']);
    assert.deepEqual(outcomes(4), ['Disrupted', 'Succeeded']);
    await cluster.plane.kubectl([
      ...['wait', '--for=condition=Succeeded', '--timeout=5s', '-n', 'twelve'],
      'experiment/digits',
    ]);
    const own = proxy.requests.slice(from);
    const writes = own.filter(({ write }) => write !== undefined);
    const isSteadyRead = ({ write, isWatch }: (typeof own)[number]) =>
      write === undefined && !isWatch;
    const reads = own.filter(isSteadyRead);
    context.diagnostic(`12 trials, 14 pods: ${writes.length} writes, ${reads.length} reads`);
    const forTrials = writes.filter(({ path }) => !/\/(events|experiments)/.test(path));
    const perTrial = forTrials.length / 14;
    context.diagnostic(`${perTrial.toFixed(2)} writes per attempt (trials and pods)`);
    assert.ok(perTrial <= 8, `${perTrial} writes per attempt`);
    for (const read of reads) context.diagnostic(`  read ${read.path} ${read.serverStatus}`);
    assert.equal(reads.length, 0);
    const left = (await podsIn(client, 'twelve')).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(left, ['digits-00002-a0'], 'only the failed pod is left for kubectl logs');
    assert.equal(
      program.errors(),
      0,
      JSON.stringify(program.log.lines.filter((l) => l.level === 'error').slice(0, 5)),
    );
  });

  test('G10 deleting an experiment takes its trials and pods with it', async () => {
    const { client } = cluster.plane;
    await client.remove(experimentsPath('twelve', 'digits'));
    await waitFor(
      async () =>
        (await trialsIn(client, 'twelve')).length === 0 &&
        (await podsIn(client, 'twelve')).items.length === 0 &&
        (await client.request('GET', experimentsPath('twelve', 'digits'))).status === 404,
      { what: 'nothing is left', timeoutMs: 15_000 },
    );
  });
});
