import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  endings,
  experimentOf,
  newPlace,
  processesIn,
  readLedger,
  runnerOf,
  runToEnd,
  trialsOf,
  until,
} from './kit.ts';

const WANT: Readonly<Record<string, string>> = {
  ok: 'Succeeded Completed',
  'exit-1': 'Failed ProgramError',
  'exit-20': 'Failed InvalidParameters',
  'exit-21': 'Stopped Diverged',
  'exit-30': 'Failed ConfigurationError',
  'crash-once': 'Succeeded Completed',
  sigkill: 'Failed ProgramError',
  silent: 'Failed MetricsUnavailable',
  'half-line': 'Succeeded Completed',
  garbage: 'Succeeded Completed',
  family: 'Succeeded Completed',
};

test('G3 F16 every exit ends a trial as the exit table says', async (t) => {
  const place = newPlace(t);
  const runner = await runnerOf(t, place);
  const modes = Object.keys(WANT);
  const experiment = experimentOf(place, 'exits', modes, {
    attempts: { maxRetries: 1 },
    deadlines: { metrics: '1s' },
  });
  const ended = await runToEnd(runner, experiment);
  const trials = await trialsOf(runner, experiment);
  assert.deepEqual(endings(trials), WANT);
  assert.equal(ended.status?.phase, 'Succeeded');

  const attempts = (mode: string) =>
    trials.find(({ spec }) => spec.parameters[0]?.string === mode)?.status?.attempts ?? [];
  assert.deepEqual(
    attempts('exit-1').map(({ exitCode }) => exitCode),
    [1, 1],
    'a program error is retried up to maxRetries',
  );
  assert.deepEqual(
    attempts('sigkill').map(({ exitCode, outcome }) => `${outcome} ${exitCode}`),
    ['Failed 137', 'Failed 137'],
    'a SIGKILL that nobody of us sent, without an OOM, is a program error',
  );
  for (const mode of ['exit-20', 'exit-21', 'exit-30']) {
    assert.equal(attempts(mode).length, 1, `${mode} is never retried`);
  }
  const garbage = trials.find(({ spec }) => spec.parameters[0]?.string === 'garbage');
  assert.equal(garbage?.status?.observation?.value, 0.6, 'what follows broken lines still counts');
  const warnings = (await runner.events(experiment.metadata)).filter(
    ({ reason }) => reason === 'ReportDamaged',
  );
  assert.equal(warnings.length, 2, 'one warning per damaged report');

  const starts = readLedger(place).filter(({ word }) => word === 'start').length;
  const family =
    readLedger(place)
      .find(({ word }) => word === 'child')
      ?.more.map(Number) ?? [];
  assert.equal(family.length, 2);
  await runner.close();
  assert.deepEqual(processesIn(place), [], 'grandchildren end too, whatever session they made');
  t.diagnostic(`${modes.length} exits, ${starts} processes, 0 left`);
});

test('F14 a flood of a million points blocks nobody and keeps its value', async (t) => {
  const place = newPlace(t);
  const runner = await runnerOf(t, place);
  let worstMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worstMs = Math.max(worstMs, now - lastMs - 10);
    lastMs = now;
  }, 10);
  t.after(() => clearInterval(timer));
  const before = process.memoryUsage().rss;
  const experiment = experimentOf(place, 'flood', ['flood']);
  await runToEnd(runner, experiment);
  const [trial] = await trialsOf(runner, experiment);
  assert.equal(trial?.status?.phase, 'Succeeded');
  assert.equal(trial?.status?.observation?.points, 1_000_000);
  const grownMB = Math.round((process.memoryUsage().rss - before) / 2 ** 20);
  t.diagnostic(`1,000,000 points; loop held at most ${worstMs.toFixed(0)} ms; +${grownMB} MB`);
  assert.ok(worstMs < 500, `the loop was held ${worstMs} ms`);
  assert.ok(grownMB < 150, `memory grew by ${grownMB} MB`);
});

test('F16 a trainer that ignores SIGTERM is killed after its grace period', async (t) => {
  const place = newPlace(t);
  const runner = await runnerOf(t, place);
  const experiment = experimentOf(place, 'stubborn', ['ignore-term']);
  await runner.apply(experiment);
  const isAt = (word: string) => readLedger(place).some((line) => line.word === word);
  await until('it runs', async () => {
    const [view] = await runner.trials(experiment.metadata);
    return view?.live?.epoch === 2;
  });
  const began = performance.now();
  await runner.setDesiredState(experiment.metadata, 'Cancel');
  const ended = await runner.finished(experiment.metadata, { signal: AbortSignal.timeout(20_000) });
  const seconds = (performance.now() - began) / 1000;
  assert.equal(ended.status?.phase, 'Cancelled');
  assert.ok(isAt('ignored'), 'SIGTERM came first');
  assert.ok(seconds >= 1.9 && seconds < 8, `it took ${seconds} s`);
  const [trial] = await trialsOf(runner, experiment);
  assert.equal(trial?.status?.attempts[0]?.exitCode, 137);
  assert.deepEqual(endings([trial as never]), { 'ignore-term': 'Stopped Cancelled' });
  t.diagnostic(`SIGKILL after ${seconds.toFixed(1)} s of 2 s grace`);
});

test('a trainer that prints without end does not fill the disk, and the end of its log stays', async (t) => {
  const place = newPlace(t);
  const runner = await runnerOf(t, place);
  const experiment = experimentOf(place, 'prints', ['prints']);
  await runToEnd(runner, experiment);
  const [trial] = await trialsOf(runner, experiment);
  assert.ok(trial?.status?.artifacts?.log !== undefined);
  const log = fileURLToPath(trial.status.artifacts.log);
  assert.equal(statSync(log).size, 2 ** 20, 'the last MiB is kept');
  assert.match(readFileSync(log, 'utf8').slice(-2000), /line 39999 /);
  assert.equal(await runner.logFile(trial), log);
});
