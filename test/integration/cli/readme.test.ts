import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandsOf, ROOT } from '../chart/documented.ts';
import { Sandbox, Started } from './sandbox.ts';

test('the commands that README.md gives after the demo show what is there, and verify it', async (t) => {
  const sandbox = new Sandbox(t);
  // What `make demo` leaves, by a trainer that is a shell script.
  const demo = ['--dir', '.espalier/demo'];
  const ran = await sandbox.espalier('run', '-f', sandbox.sweep(), ...demo);
  assert.equal(ran.exitCode, 0, ran.stderr);
  symlinkSync(join(ROOT, 'cli'), join(sandbox.dir, 'cli'));
  const commands = commandsOf('README.md').filter((line) => /^alias |--dir \.espalier/.test(line));
  assert.ok(commands.length >= 4, commands.join('\n'));
  const script = join(sandbox.dir, 'commands.sh');
  writeFileSync(script, ['shopt -s expand_aliases', 'set -eu', ...commands, ''].join('\n'));
  const shown = await new Started(sandbox.dir, ['bash', '--norc', script], {}).ended;
  assert.equal(shown.exitCode, 0, shown.stderr);
  assert.match(shown.stdout, /^digits-0000\d +Succeeded/m);
  assert.match(shown.stderr, /^3 trials of digits: all follow from the record$/m);
  const page = readFileSync(join(sandbox.dir, 'digits.html'), 'utf8');
  assert.match(page, /^<!doctype html>/i);
  t.diagnostic(`${commands.length} commands`);
});

test('the manifest of README.md is one that can be run', async (t) => {
  const sandbox = new Sandbox(t);
  const [, manifest = ''] =
    /^```yaml\n(.*?)^```/ms.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
  writeFileSync(join(sandbox.dir, 'readme.yaml'), manifest);
  const { exitCode, stdout, stderr } = await sandbox.espalier('validate', '-f', 'readme.yaml');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /ok, experiment digits \(12 trials\)/);
});

test('the commands on this machine that the list of samples gives do what it says', async (t) => {
  const sandbox = new Sandbox(t);
  for (const name of ['cli', 'manifests']) symlinkSync(join(ROOT, name), join(sandbox.dir, name));
  const commands = commandsOf('manifests/samples/README.md').filter((line) =>
    line.startsWith('cli/bin/espalier'),
  );
  assert.ok(commands.length >= 2, commands.join('\n'));
  const ran = await new Started(sandbox.dir, ['bash', '-euc', commands.join('\n')], {}).ended;
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stdout, /asha\.yaml: ok/);
});
