import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { waitFor } from '../../kit/wait.ts';
import { runHere } from './in-process.ts';
import { Sandbox } from './sandbox.ts';

describe('verbs on a folder of this machine', () => {
  test('U watch beside a runner: Ctrl-C ends only the watching, and it exits as the run', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 4, pace: 0.2 });
    const run = sandbox.start(['run', '-f', file, '--json']);
    await waitFor(() => run.stdout.includes('"trial-started"'), { what: 'a trial runs' });
    const left = sandbox.start(['watch', 'digits']);
    await waitFor(() => left.stderr.includes('digits Running'), { what: 'it is watched' });
    left.kill('SIGINT');
    const { exitCode, stderr } = await left.ended;
    assert.equal(exitCode, 130);
    assert.match(stderr, /digits goes on; look again with: espalier watch digits\n$/);
    const watched = await sandbox.espalier('watch', 'digits');
    const ran = await run.ended;
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.equal(watched.exitCode, 0, watched.stderr);
    assert.match(watched.stdout, /^TRIAL /);
    assert.equal(watched.stdout.trim().split('\n').length, 5);
  });

  test('U what failed is tried again as a new Experiment, and a fork goes on with what was found', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 4, parallel: 4, pace: 0.02, epochs: 2, manner: 'failing' });
    assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
    const printed = await sandbox.espalier('retry', 'digits', '--print');
    assert.match(printed.stdout, /\n {2}enqueue:\n {4}- \{ parameters: \[\{ name: lr, float: /);
    // Its only trial has another index, so this time it does not fail.
    const retried = await sandbox.espalier('retry', 'digits');
    assert.equal(retried.exitCode, 0, retried.stderr);
    const parameters = async (trial: string) => {
      const { stdout } = await sandbox.espalier('get', trial, '-o', 'json');
      return JSON.parse(stdout).spec.parameters;
    };
    assert.deepEqual(await parameters('digits-retry-00000'), await parameters('digits-00001'));
    const again = await sandbox.espalier('retry', 'digits');
    assert.match(again.stderr, /digits-retry has ended already/);
    const set = ['--set', 'search.algorithm=tpe', 'trials.max=2'];
    const forked = await sandbox.espalier('fork', 'digits', ...set);
    assert.equal(forked.exitCode, 0, forked.stderr);
    const compared = await sandbox.espalier('compare', 'digits', 'digits-fork', '--json');
    const { experiments, differences } = JSON.parse(compared.stdout);
    assert.deepEqual(
      experiments.map((one: { ended: number; failed: number }) => [one.ended, one.failed]),
      [
        [4, 1],
        [2, 1],
      ],
    );
    const fields = differences.map(({ field }: { field: string }) => field);
    for (const field of ['trials.max', 'search.algorithm', 'search.seed']) {
      assert.ok(fields.includes(field), fields.join());
    }
    const csv = await sandbox.espalier('export', 'digits', '--state', 'Failed');
    assert.match(csv.stdout, /^index,.*\n1,digits-00001,[^\n]*\n$/);
  });

  test('U a file of the folder that cannot be used is named, and not just missing', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 2, pace: 0.02, epochs: 1 });
    assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
    const folder = join(sandbox.dir, '.espalier/objects/default/digits');
    writeFileSync(join(folder, 'trials/00001.json'), '[]');
    const trials = await runHere(['trials', 'digits', '-o', 'name'], sandbox.dir);
    assert.equal(trials.exitCode, 0);
    assert.equal(trials.stdout, 'trial.espalier.dev/digits-00000\n');
    const left =
      /^warning: .*trials\/00001\.json is left out: it cannot be used: .*received array\n$/;
    assert.match(trials.stderr, left);
    // Whoever changes something holds the folder, and moves what is in the way.
    const gone = await runHere(['delete', 'digits', '--yes'], sandbox.dir);
    assert.equal(gone.exitCode, 0, gone.stderr);
    assert.match(gone.stderr, /00001\.json is left out: .* moved to .*\/damaged\//);
    assert.equal(readdirSync(join(sandbox.dir, '.espalier/damaged')).length, 1);
    assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
    writeFileSync(join(folder, 'experiment.json'), '{"apiVer');
    for (const words of [['list'], ['get', 'digits']]) {
      const ran = await runHere(words, sandbox.dir);
      assert.equal(ran.exitCode, words[0] === 'list' ? 0 : 3);
      assert.match(ran.stderr, /^warning: .*digits\/experiment\.json is left out: .*JSON/);
    }
  });
});
