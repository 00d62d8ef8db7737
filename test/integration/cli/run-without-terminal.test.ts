import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { eventually, Sandbox } from './sandbox.ts';

// They mostly wait for trainers.
suite('without a terminal', { concurrency: 4, timeout: 120_000 }, () => {
  test('plain lines go to stderr, the leaderboard to stdout, a failure shows its log', async (t) => {
    const sandbox = new Sandbox(t);
    const ran = await sandbox.espalier('run', '-f', sandbox.sweep({ manner: 'failing' }));
    assert.equal(ran.exitCode, 0);
    assert.equal(ran.stdout.split('\n').length, 5);
    assert.match(ran.stdout, /^TRIAL +STATE +LR +SCHEDULE +EPOCH +VALID_ACC +TIME\n/);
    assert.match(ran.stdout, /^digits-00002 +Succeeded /m);
    assert.match(ran.stdout, /^digits-00001 +ConfigurationError /m);
    assert.match(ran.stderr, /digits-00000 {2}started {2}lr=/);
    assert.match(
      ran.stderr,
      /digits-00001 {2}Failed \(ConfigurationError\).*log: espalier logs digits-00001$/m,
    );
    assert.ok(!(ran.stdout + ran.stderr).includes('\x1b'));
    const log = await sandbox.espalier('logs', 'digits-00001');
    assert.match(log.stdout, /no such column: y/);

    const best = JSON.parse((await sandbox.espalier('best', 'digits', '--json')).stdout);
    assert.deepEqual([best.trial, best.value, best.metric], ['digits-00002', 0.42, 'valid_acc']);
    assert.ok(existsSync(best.trialsCsv), best.trialsCsv);
    const list = await sandbox.espalier('list');
    assert.match(list.stdout, /^digits +Succeeded +3\/3 +0 +0\.4200 +valid_acc/m);
    const events = JSON.parse((await sandbox.espalier('events', 'digits', '--json')).stdout);
    assert.ok(events.items.some(({ reason }: { reason: string }) => reason === 'NewBest'));

    const again = await sandbox.espalier('run', '-f', 'digits.yaml');
    assert.equal(again.exitCode, 0);
    assert.match(again.stderr, /digits has ended already/);
    assert.equal(again.stdout, ran.stdout);
  });

  test('--json is one document per line, and the last one is the result', async (t) => {
    const sandbox = new Sandbox(t);
    const ran = await sandbox.espalier('run', '--json', '-f', sandbox.sweep());
    assert.equal(ran.exitCode, 0);
    const events = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const types = new Set(events.map(({ type }) => type));
    assert.deepEqual([...types].sort(), [
      'best',
      'end',
      'phase',
      'trial-ended',
      'trial-progress',
      'trial-started',
    ]);
    assert.equal(events.at(-1).best.trial, 'digits-00002');
  });

  test('SIGTERM is a gentle interrupt; the next run goes on', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 2, pace: 0.3 });
    const run = sandbox.start(['run', '-f', file]);
    await eventually('both run', () => sandbox.trainers().length >= 2);
    await eventually('it has said so', () => run.stderr.includes('digits-00001  started'));
    run.kill('SIGTERM');
    const { exitCode, stderr } = await run.ended;
    assert.equal(exitCode, 143);
    assert.match(stderr, /trainers are saving/);
    assert.deepEqual(sandbox.trainers(), []);
    assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
  });

  test('a second runner is told who holds the folder, and can steer it', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 99, parallel: 1, pace: 0.2, epochs: 3 });
    const run = sandbox.start(['run', '-f', file]);
    await eventually('a trial runs', () => run.stderr.includes('digits-00000  started'));

    const second = await sandbox.espalier('run', '-f', file);
    assert.equal(second.exitCode, 6);
    assert.match(second.stderr, /held by process \d+ \(.*run -f digits\.yaml\)/);
    assert.match(second.stderr, /espalier list/);

    const paused = await sandbox.espalier('pause', 'digits');
    assert.equal(paused.exitCode, 0);
    await eventually('it is paused', () => /digits Paused/.test(run.stderr));
    const list = await sandbox.espalier('list');
    assert.match(list.stdout, /^digits +Paused/m);
    assert.equal((await sandbox.espalier('resume', 'digits')).exitCode, 0);
    await eventually('it runs again', () => /digits Paused.*digits Running/s.test(run.stderr));

    const follow = sandbox.start(['logs', '-f', 'digits']);
    await eventually('lines arrive', () => /^\[000\d\d\] epoch 1/m.test(follow.stdout));
    assert.equal((await sandbox.espalier('stop', 'digits')).exitCode, 0);
    const { exitCode, stderr } = await run.ended;
    assert.equal(exitCode, 0);
    assert.match(stderr, /^digits Succeeded: /m);
    assert.equal((await follow.ended).exitCode, 0);
    const late = await sandbox.espalier('cancel', 'digits');
    assert.equal(late.exitCode, 7);
  });

  test('cancel and delete from another process end a run', async (t) => {
    const sandbox = new Sandbox(t);
    const cancelled = sandbox.start(['run', '-f', sandbox.sweep({ pace: 1 })]);
    await eventually('a trial runs', () => cancelled.stderr.includes('digits-00000  started'));
    assert.equal((await sandbox.espalier('cancel', 'digits')).exitCode, 0);
    assert.equal((await cancelled.ended).exitCode, 5);
    assert.deepEqual(sandbox.trainers(), []);

    const deleted = sandbox.start(['run', '-f', sandbox.sweep({ name: 'other', pace: 1 })]);
    await eventually('a trial runs', () => deleted.stderr.includes('other-00000  started'));
    assert.equal((await sandbox.espalier('delete', 'other', '--yes')).exitCode, 0);
    const { exitCode, stderr } = await deleted.ended;
    assert.equal(exitCode, 3);
    assert.match(stderr, /^error: .*other was deleted$/m);
    assert.deepEqual(sandbox.trainers(), []);
    assert.equal((await sandbox.espalier('get', 'other')).exitCode, 3);
  });

  test('a reader that goes away is no error, and a slow one gets all', async (t) => {
    const sandbox = new Sandbox(t);
    const manifest = sandbox.sweep({ max: 1, pace: 0, epochs: 1 });
    writeFileSync(join(sandbox.dir, 'train.sh'), '#!/bin/sh\nseq 100000\nexit 30\n');
    await sandbox.espalier('run', '-f', manifest);
    const ran = await sandbox.shell(
      'set -o pipefail; espalier logs digits-00000 | head -n 1; echo $?',
    );
    assert.equal(ran.stderr, '');
    assert.equal(ran.stdout, '1\n141\n');
    const slow = await sandbox.shell('espalier logs digits-00000 | (sleep 1; tail -n 1)');
    assert.equal(slow.stdout, '100000\n');
  });

  test('bad manifests are refused with place, reason and suggestion; nothing is started', async (t) => {
    const sandbox = new Sandbox(t);
    const write = (name: string, text: string) => writeFileSync(join(sandbox.dir, name), text);
    const sound = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: bad }
spec:
  objective: { metric: loss, goal: minimize }
  parameters:
    - { name: lr, float: { min: 0.1, max: 1, scale: log } }
    - { name: seed, int: { value: 1 } }
  search: { algorithm: random }
  trials: { max: 4 }
`;
    const cases: Record<string, { change: [string, string]; want: RegExp }> = {
      'an unknown field': {
        change: ['goal: minimize', 'gaol: minimize'],
        want: /^bad\.yaml:5:30: spec\.objective\.gaol: .*did you mean "goal"\?\n {3}5 \| .*\n {5}\| {30}\^{4}$/m,
      },
      'a wrong type': {
        change: ['max: 4', 'max: four'],
        want: /^bad\.yaml:10:18: spec\.trials\.max: /,
      },
      'no trials': { change: ['max: 4', 'max: 0'], want: /^bad\.yaml:10:18: spec\.trials\.max: / },
      'min above max': {
        change: ['min: 0.1', 'min: 2'],
        want: /^bad\.yaml:7:\d+: spec\.parameters\[0\]\.float/,
      },
      'a log scale from 0': {
        change: ['min: 0.1', 'min: 0'],
        want: /^bad\.yaml:7:\d+: spec\.parameters\[0\]\.float/,
      },
      'a grid over a range': {
        change: ['random', 'grid'],
        want: /^bad\.yaml:\d+:\d+: spec\.parameters\[0\]/,
      },
      'an unknown algorithm': { change: ['random', 'sobel'], want: /did you mean "sobol"\?/ },
      'a name twice': {
        change: ['name: seed', 'name: lr'],
        want: /^bad\.yaml:8:\d+: spec\.parameters\[1\]\.name/,
      },
      'no YAML at all': {
        change: ['spec:', 'spec: ]'],
        want: /^bad\.yaml:4:\d+: is not valid YAML/,
      },
    };
    const names = Object.keys(cases);
    const files = names.map((_, place) => `bad-${place}.yaml`);
    names.forEach((name, place) => {
      write(files[place] ?? '', sound.replace(...(cases[name]?.change ?? ['', ''])));
    });
    const all = await sandbox.espalier('validate', ...files.flatMap((file) => ['-f', file]));
    assert.equal(all.exitCode, 2);
    assert.equal(all.stdout, '');
    names.forEach((name, place) => {
      const told = all.stderr.split('\n').filter((line) => line !== '');
      const first = told.findIndex((line) => line.startsWith(`bad-${place}.yaml`));
      const last = told.findIndex((line) => line.startsWith(`bad-${place}.yaml: `));
      const text = told.slice(first, last).join('\n').replaceAll(`bad-${place}.yaml`, 'bad.yaml');
      assert.match(text, cases[name]?.want ?? /^$/, name);
    });
    const ran = await sandbox.espalier('run', '-f', 'bad-0.yaml');
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, /did you mean "goal"\?.*nothing was started/s);
    assert.equal(existsSync(join(sandbox.dir, '.espalier')), false);
  });
});
