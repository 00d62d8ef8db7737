import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';

let dir = '';
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-completion-'));
  const { stdout } = await espalier(['completion', 'bash'], new FakeEngine());
  writeFileSync(join(dir, 'completion.bash'), stdout);
  mkdirSync(join(dir, 'bin'));
  // What the lines ask for names; it tells the place that it was asked about.
  const program = join(dir, 'bin/espalier');
  writeFileSync(
    program,
    '#!/bin/sh\nshift 3\necho experiment.espalier.dev/digits\necho "experiment.espalier.dev/at$*" | tr -d " "\n',
  );
  chmodSync(program, 0o755);
  writeFileSync(join(dir, 'sweep.yaml'), '');
});
after(() => rmSync(dir, { recursive: true }));

/** What bash offers when TAB is pressed after these words. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `source ./completion.bash
COMP_WORDS=(espalier "$@")
COMP_CWORD=$#
_espalier
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const path = `${join(dir, 'bin')}${delimiter}${process.env['PATH']}`;
  const text = execFileSync('bash', ['--norc', '-c', script, 'x', ...words], {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: path },
  });
  return text.split('\n').filter((line) => line !== '');
}

const CASES: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  'a verb': [['tri'], ['trials']],
  'an option': [['trials', '--so'], ['--sort']],
  'the values of an option': [
    ['trials', '--sort', ''],
    ['value', 'index', 'state', 'time'],
  ],
  'a kind of plot': [['plot', 'para'], ['parallel']],
  'the name of an Experiment': [['trials', 'dig'], ['digits']],
  'a name behind the value of an option': [['trials', '--sort', 'time', 'dig'], ['digits']],
  'a name on a cluster': [
    ['trials', '--context', 'lab', '-n', 'team', 'at'],
    ['at--contextlab-nteam'],
  ],
  'a second name': [['compare', 'digits', 'dig'], ['digits']],
  'nothing behind the only name': [['trials', 'digits', ''], []],
  'a file': [['run', '-f', 'swe'], ['sweep.yaml']],
  '-f of logs takes no file': [['logs', '-f', 'dig'], ['digits']],
  'a verb of a group': [['data', 'pu'], ['push']],
  'an option of a verb of a group': [['data', 'push', '--rep'], ['--replace']],
  'a shell': [['completion', 'z'], ['zsh']],
};
for (const [name, [words, want]] of Object.entries(CASES)) {
  test(`bash completes ${name}`, () => assert.deepEqual(offered(...words), want));
}

test('zsh reads the same lines, and fish has its own with every verb', async () => {
  const zsh = await espalier(['completion', 'zsh'], new FakeEngine());
  assert.match(zsh.stdout, /^autoload -U \+X compinit && compinit\n.*bashcompinit/);
  const fish = await espalier(['completion', 'fish'], new FakeEngine());
  const { stdout: help } = await espalier(['--help'], new FakeEngine());
  const verbs = [...help.matchAll(/^ {2}([a-z][a-z-]+)[ |].* {2}/gm)].map(([, verb]) => verb);
  assert.ok(verbs.length > 20);
  for (const verb of verbs) {
    if (verb === 'espalier') continue;
    assert.ok(fish.stdout.includes(` -a ${verb} -d '`), `fish lacks ${verb}`);
  }
  const other = await espalier(['completion', 'tcsh'], new FakeEngine());
  assert.equal(other.exitCode, 2);
});
