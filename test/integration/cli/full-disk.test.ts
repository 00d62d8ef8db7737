import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { type Ran, Sandbox } from './sandbox.ts';

const TRAINER = resolve(import.meta.dirname, '../local/programs/trainer.ts');

/** bash with mounts of its own, which go with its last process. */
function withMounts(script: string): readonly [string, readonly string[]] {
  return ['unshare', [process.getuid?.() === 0 ? '-m' : '-rm', 'bash', '-c', script]];
}

function whyNoDisk(): string | false {
  const [program, words] = withMounts('mount -t tmpfs -o size=64k none /tmp');
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status === 0) return false;
  return `nobody may mount a small disk of their own here: ${stderr ?? 'there is no unshare'}`;
}

/** A sandbox with an Experiment `digits` that has ended, with files of its best Trial. */
async function ended(t: TestContext): Promise<Sandbox> {
  const sandbox = new Sandbox(t);
  const command = [process.execPath, TRAINER, join(sandbox.dir, 'ledger')];
  writeFileSync(
    join(sandbox.dir, 'digits.yaml'),
    `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: digits }
spec:
  objective: { metric: acc, goal: maximize }
  parameters:
    - { name: lr, float: { min: 1.0e-5, max: 1.0e-2, scale: log } }
  search: { algorithm: random, seed: 1 }
  trials: { max: 2, parallel: 2 }
  trainer: { command: ${JSON.stringify(command)} }
`,
  );
  const ran = await sandbox.espalier('run', '-f', 'digits.yaml');
  assert.equal(ran.exitCode, 0, ran.stderr);
  return sandbox;
}

/** Runs a script for which `full` is a disk of 256 KiB. */
function onDisk(sandbox: Sandbox, script: string): Promise<Ran> {
  const mount = 'mkdir full && mount -t tmpfs -o size=256k none full || exit 99';
  const [program, words] = withMounts(`${mount}\n${script}`);
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return sandbox.shell([program, ...quoted].join(' '));
}

const FILL = 'head -c 1M /dev/zero > full/filler 2> /dev/null';

suite('a full disk', { skip: whyNoDisk(), timeout: 180_000 }, () => {
  test('U what a verb writes is there whole or not at all, the reason is said, and again is right', async (t) => {
    const sandbox = await ended(t);
    const verbs = [
      'export digits -o full/trials.csv',
      'plot history digits -o full/history.svg',
      'plot history digits -o full/history.png',
      'report digits -o full/report.html',
      'best digits --download full/best',
    ];
    const again = ['rm full/filler', `espalier ${verbs.at(-1)} > /dev/null; echo "exit $?"`];
    const { stdout, stderr } = await onDisk(
      sandbox,
      [
        FILL,
        ...verbs.map((verb) => `espalier ${verb}; echo "exit $?" >&2`),
        'ls -A full',
        ...again,
      ].join('\n'),
    );
    assert.equal(stdout, 'best\nfiller\nexit 0\n', stderr);
    const told = stderr.split(/^exit (\d+)\n/m);
    assert.deepEqual(
      told.filter((_, place) => place % 2 === 1).slice(0, verbs.length),
      verbs.map(() => '1'),
      stderr,
    );
    for (const [place, verb] of verbs.entries()) {
      assert.match(
        told[2 * place] ?? '',
        /ENOSPC[\s\S]*free some space; the same command goes on/,
        verb,
      );
    }
  });

  test('U a run that finds no space says so, and the same command is right later; cut output is an error', async (t) => {
    const sandbox = await ended(t);
    const { stdout, stderr } = await onDisk(
      sandbox,
      `${FILL}
espalier trials digits > full/trials.txt; echo "trials $?"
espalier run -f digits.yaml --dir full/state > /dev/null; echo "run $?"
rm full/filler
espalier run -f digits.yaml --dir full/state > /dev/null; echo "again $?"`,
    );
    assert.equal(stdout, 'trials 1\nrun 1\nagain 0\n', stderr);
    assert.match(stderr, /^error: cannot write the output: ENOSPC/m);
    assert.match(stderr, /cannot write the lock file: the disk is full; free some space/);
  });
});
