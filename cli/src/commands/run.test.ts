import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Experiment } from '@espalier/api';
import { espalier, FakeSignals, MemoryTerminal } from '../testing/command-line.ts';
import { coded, FakeEngine } from '../testing/fake-engine.ts';
import { manifestFolder } from '../testing/manifest-folder.ts';
import { at, endedTrial, experiment, runningTrial } from '../testing/objects.ts';

const { dir, file } = manifestFolder();

const BEST = {
  trial: 'digits-00001',
  configuration: 1,
  value: 0.95,
  step: 700,
  parameters: [{ name: 'lr', float: 0.002 }],
};

function digits(phase: NonNullable<Experiment['status']>['phase'], progress: string): Experiment {
  const isEnd = phase !== 'Running';
  return experiment({
    spec: { trials: { max: 2, parallel: 2 } },
    status: {
      phase,
      progress,
      ...(isEnd ? { reason: 'MaxTrialsReached', completionTime: at(30) } : {}),
      ...(progress === '0/2' ? {} : { best: BEST }),
    },
  });
}

/** Two trials that run and end, with time to see each step. */
function twoTrials(end: 'Succeeded' | 'Failed' | 'Cancelled' = 'Succeeded'): FakeEngine {
  const engine = new FakeEngine();
  engine.script = async (runner) => {
    runner.change(digits('Running', '0/2'), [runningTrial(0, 1, 0.5)]);
    await seen();
    runner.change(digits('Running', '1/2'), [
      runningTrial(0, 3, 0.8),
      endedTrial(1, 0.95, { seconds: 20 }),
    ]);
    await seen();
    runner.change(digits(end, '2/2'), [
      endedTrial(0, 0.9, { seconds: 25 }),
      endedTrial(1, 0.95, { seconds: 20 }),
    ]);
  };
  return engine;
}

/** Longer than the interval between two looks. */
function seen(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}

test('without a terminal a run tells each event in a line and leaves the leaderboard on stdout', async () => {
  const engine = twoTrials();
  const ran = await espalier(['run', '-f', file, '--dir', dir], engine);
  assert.equal(ran.exitCode, 0);
  assert.equal(
    ran.stdout,
    [
      'TRIAL         STATE         LR  SCHEDULE  EPOCH  VALID_ACC  TIME',
      'digits-00001  Succeeded  0.002  constant    8/8     0.9500   20s',
      'digits-00000  Succeeded  0.001  cosine      8/8     0.9000   25s',
      '',
    ].join('\n'),
  );
  assert.equal(
    ran.stderr,
    [
      'ignored on this machine: trainer.image',
      '  0.0s  digits Running, 0/2 done',
      '  0.0s  digits-00000  started  lr=0.001 schedule=cosine',
      '  0.0s  digits-00001  Succeeded  valid_acc 0.9500  epoch 8/8  in 20s',
      '  0.0s  best valid_acc 0.9500  digits-00001',
      '  0.0s  digits-00000  Succeeded  valid_acc 0.9000  epoch 8/8  in 25s',
      '  0.0s  digits Succeeded, 2/2 done',
      'digits Succeeded: MaxTrialsReached',
      "the best trial's files: espalier best digits",
      '',
    ].join('\n'),
  );
  assert.deepEqual(engine.calls, ['apply digits', 'close']);
  assert.equal(engine.options?.dir, dir);
});

test('on a terminal the table is drawn over itself and the cursor comes back', async () => {
  const stderr = new MemoryTerminal();
  const stdout = new MemoryTerminal();
  const ran = await espalier(['run', '-f', file, '--dir', dir], twoTrials(), { stdout, stderr });
  assert.equal(ran.exitCode, 0);
  assert.ok(ran.stderr.includes('\x1b[?25l'));
  assert.ok(ran.stderr.includes('\r\x1b[5A'));
  assert.ok(ran.stderr.lastIndexOf('\x1b[?25h') > ran.stderr.lastIndexOf('\x1b[?25l'));
  assert.match(ran.stdout, /digits-00001/);
});

test('--json tells everything as JSON lines and ends with the result', async () => {
  const ran = await espalier(['run', '-f', file, '--dir', dir, '--json'], twoTrials());
  const events = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      'phase',
      'trial-started',
      'trial-progress',
      'trial-progress',
      'trial-ended',
      'best',
      'trial-ended',
      'phase',
      'end',
    ],
  );
  assert.deepEqual(events[3].metrics, { valid_acc: 0.8, images_per_second: 1234 });
  const end = events.at(-1);
  assert.deepEqual([end.phase, end.exitCode, end.best.trial], ['Succeeded', 0, 'digits-00001']);
});

test('the exit code tells how the Experiment ended', async () => {
  const failed = await espalier(['run', '-f', file, '--dir', dir], twoTrials('Failed'));
  assert.equal(failed.exitCode, 4);
  const cancelled = await espalier(['run', '-f', file, '--dir', dir], twoTrials('Cancelled'));
  assert.equal(cancelled.exitCode, 5);
});

test('a run that goes on, or has nothing left to do, says so', async () => {
  const again = twoTrials();
  again.outcome = 'unchanged';
  const ran = await espalier(['run', '-f', file, '--dir', dir], again);
  assert.match(ran.stderr, /^going on with digits$/m);
  const over = new FakeEngine().add(digits('Succeeded', '2/2'), [endedTrial(1, 0.95)]);
  over.outcome = 'finished';
  const ended = await espalier(['run', '-f', file, '--dir', dir], over);
  assert.equal(ended.exitCode, 0);
  assert.match(ended.stderr, /digits has ended already; to run it again, delete it or rename it/);
  assert.match(ended.stdout, /digits-00001 {2}Succeeded/);
});

test('--parallel and -n change the Experiment', async () => {
  const engine = new FakeEngine();
  engine.script = async (runner, key) => {
    assert.equal(key.namespace, 'team-a');
    const applied = engine.objects.get('team-a/digits');
    assert.equal(applied?.spec.trials.parallel, 7);
    if (applied === undefined) return;
    runner.change({ ...applied, status: digits('Succeeded', '2/2').status }, []);
  };
  const words = ['run', '-f', file, '--dir', dir, '--parallel', '7', '-n', 'team-a'];
  assert.equal((await espalier(words, engine)).exitCode, 0);
});

/** A run that only a signal ends. */
function endless(): FakeEngine {
  const engine = new FakeEngine();
  engine.script = async (runner) => {
    runner.change(digits('Running', '1/2'), [runningTrial(0, 1, 0.5)]);
    await runner.forever();
  };
  return engine;
}

async function running(engine: FakeEngine): Promise<void> {
  while (!engine.calls.includes('apply digits')) await setImmediate();
  await setImmediate();
}

test('Ctrl-C lets the trainers save and says how to go on', async () => {
  const engine = endless();
  const signals = new FakeSignals();
  const start = engine.startRunner.bind(engine);
  engine.startRunner = async (options) => {
    const runner = await start(options);
    runner.saved.resolve();
    return runner;
  };
  const ran = espalier(['run', '-f', file, '--dir', dir, '--parallel', '2'], engine, { signals });
  await running(engine);
  signals.send('SIGINT');
  const { exitCode, stderr } = await ran;
  assert.equal(exitCode, 130);
  assert.match(stderr, /trainers are saving; press Ctrl-C again to end at once/);
  assert.match(stderr, /^interrupted with 1\/2 done; nothing is lost$/m);
  assert.ok(stderr.includes(`go on with: espalier run -f ${file} --dir ${dir} --parallel 2\n`));
  assert.deepEqual(engine.calls, ['apply digits', 'interrupt', 'close']);
  assert.equal(signals.listeners, 0);
});

test('Ctrl-C again ends the trainers at once', async () => {
  const engine = endless();
  const signals = new FakeSignals();
  const ran = espalier(['run', '-f', file, '--dir', dir], engine, { signals });
  await running(engine);
  signals.send('SIGINT');
  signals.send('SIGINT');
  const { exitCode, stderr } = await ran;
  assert.equal(exitCode, 130);
  assert.match(stderr, /running trials go on from their last checkpoint/);
  assert.deepEqual(engine.calls, ['apply digits', 'interrupt', 'kill', 'close']);
});

test('SIGTERM is gentle however often it comes', async () => {
  const engine = endless();
  const signals = new FakeSignals();
  const start = engine.startRunner.bind(engine);
  engine.startRunner = async (options) => {
    const runner = await start(options);
    setTimeout(() => runner.saved.resolve(), 20);
    return runner;
  };
  const ran = espalier(['run', '-f', file, '--dir', dir], engine, { signals });
  await running(engine);
  signals.send('SIGTERM');
  signals.send('SIGTERM');
  assert.equal((await ran).exitCode, 143);
  assert.deepEqual(engine.calls, ['apply digits', 'interrupt', 'close']);
});

test('a folder that is held names its holder and what to do', async () => {
  const engine = new FakeEngine();
  engine.startFailure = coded('LockHeld', `${dir} is held by process 4242 (espalier run)`);
  const ran = await espalier(['run', '-f', file, '--dir', dir], engine);
  assert.equal(ran.exitCode, 6);
  assert.match(ran.stderr, /held by process 4242 \(espalier run\)/);
  assert.match(ran.stderr, /espalier list/);
});
