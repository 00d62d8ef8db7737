import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { at, endedTrial, experiment, trialView } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-compare-'));
});
after(() => rmSync(dir, { recursive: true }));

function engineWith(standings: FakeEngine['standings']): FakeEngine {
  const engine = new FakeEngine().add(experiment(), [endedTrial(0, 0.9)]);
  engine.standings = standings;
  return engine;
}

const BOARD: FakeEngine['standings'] = [
  {
    index: 4,
    mean: 0.91,
    interval: { low: 0.9, high: 0.92 },
    replicates: 8,
    pBest: 0.8,
    isApart: false,
  },
  {
    index: 1,
    mean: 0.9,
    interval: { low: 0.88, high: 0.92 },
    replicates: 8,
    pBest: 0.2,
    pWorse: 0.3,
    isApart: false,
  },
  {
    index: 0,
    mean: 0.7,
    interval: { low: 0.69, high: 0.71 },
    replicates: 4,
    pBest: 0,
    pWorse: 0.0078,
    isApart: true,
  },
  { index: 7, mean: 0.95, replicates: 1, isApart: false },
];

test('compare tells which configurations cannot be told apart', async () => {
  const ran = await espalier(['compare', 'digits', '--dir', dir], engineWith(BOARD));
  assert.equal(ran.exitCode, 0);
  const [header, ...rows] = ran.stdout.trimEnd().split('\n');
  assert.match(
    header ?? '',
    /^CONFIGURATION +N +\S+ +95 % INTERVAL +P\(BEST\) +P\(CHANCE\) +AGAINST THE FIRST/,
  );
  assert.match(
    rows[1] ?? '',
    /1 +8 +0\.9000 +0\.8800 \.\. 0\.9200 +0\.20 +0\.30 +cannot be told apart/,
  );
  assert.match(rows[2] ?? '', /0\.0078 +worse/);
  assert.match(rows[3] ?? '', /7 +1 +0\.9500 +- +- +- +cannot be told apart/);
  assert.equal(ran.stderr, '2 of 3 cannot be told apart from the first; 1 of them ran only once\n');
});

test('compare gives programs all numbers, and the first ones if asked', async () => {
  const words = ['compare', 'digits', '--dir', dir, '-o', 'json', '--limit', '1'];
  const ran = await espalier(words, engineWith(BOARD));
  const { configurations } = JSON.parse(ran.stdout);
  assert.deepEqual(configurations, [
    {
      ...{ configuration: 4, mean: 0.91, interval: { low: 0.9, high: 0.92 } },
      ...{ replicates: 8, pBest: 0.8, isApart: false },
    },
  ]);
});

test('compare says what it takes where everything ran once', async () => {
  const once = engineWith([{ index: 0, mean: 1, replicates: 1, isApart: false }]);
  const ran = await espalier(['compare', 'digits', '--dir', dir], once);
  assert.match(ran.stderr, /nothing tells how much of it is chance/);
  const none = await espalier(['compare', 'digits', '--dir', dir], engineWith([]));
  assert.match(none.stderr, /no configuration has a value yet/);
});

test('Experiments stand beside each other with what differs in their specs', async () => {
  const best = {
    trial: 'wide-00001',
    configuration: 1,
    value: 0.95,
    step: 1,
    parameters: [{ name: 'lr', float: 0.002 }],
  };
  const engine = new FakeEngine()
    .add(experiment({ status: { phase: 'Running' } }), [endedTrial(0, 0.9)])
    .add(
      experiment({
        name: 'wide',
        spec: { search: { algorithm: 'tpe' }, trials: { max: 9, parallel: 2 } },
        status: { phase: 'Succeeded', best },
      }),
      [
        endedTrial(0, undefined, { status: { phase: 'Failed' } }),
        trialView(1, {
          experiment: 'wide',
          status: {
            phase: 'Succeeded',
            attempts: [{ number: 0, startTime: at(0), endTime: at(90), outcome: 'Succeeded' }],
          },
        }),
      ],
    );
  const words = ['compare', 'digits', 'wide', '--dir', dir];
  const ran = await espalier(words, engine);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.deepEqual(
    ran.stdout.split('\n').map((line) => line.replace(/ +/g, ' ')),
    [
      'EXPERIMENT PHASE ALGORITHM ENDED FAILED BEST 95 % INTERVAL OBJECTIVE FOUND AT COMPUTE',
      'digits Running random 1 0 - - maximize valid_acc - 0.0s',
      'wide Succeeded tpe 2 1 0.9500 - maximize valid_acc 1 1m30s',
      '',
      'DIFFERENT IN digits wide',
      'search.algorithm random tpe',
      'trials.max 6 9',
      '',
    ],
  );
  const { experiments, differences } = JSON.parse(
    (await espalier([...words, '--json'], engine)).stdout,
  );
  assert.equal(experiments[1].best.value, 0.95);
  assert.deepEqual(differences[1], { field: 'trials.max', values: [6, 9] });
});
