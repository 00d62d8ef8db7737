import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts';
import { asFailure } from './failure.ts';
import { espalier } from './testing/command-line.ts';
import { coded, FakeEngine } from './testing/fake-engine.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replace(/ +/g, ' ');

test('every exit code has one meaning, told by --help and README', async () => {
  const codes = EXIT_MEANINGS.map(([code]) => code);
  assert.deepEqual(codes, Object.values(EXIT));
  const { stdout, exitCode } = await espalier(['--help'], new FakeEngine());
  assert.equal(exitCode, 0);
  for (const [code, meaning] of EXIT_MEANINGS) {
    assert.ok(stdout.includes(`${String(code).padStart(5)}  ${meaning}`), meaning);
    assert.ok(readme.includes(`| ${code} | ${meaning} |`), `README lacks ${code}: ${meaning}`);
  }
});

test('every verb teaches with examples, and stands in README', async () => {
  const { stdout } = await espalier(['--help'], new FakeEngine());
  const verbs = [...stdout.matchAll(/^ {2}([a-z]+)[ |].* {2}/gm)].map(([, verb]) => verb ?? '');
  assert.ok(verbs.length >= 14, verbs.join(' '));
  for (const verb of new Set(verbs)) {
    if (['version', 'help', 'espalier'].includes(verb)) continue;
    const help = await espalier([verb, '--help'], new FakeEngine());
    assert.equal(help.exitCode, 0, verb);
    assert.match(help.stdout, /Examples:\n {2}espalier /, verb);
    assert.ok(readme.includes(`espalier ${verb}`), `README lacks ${verb}`);
  }
});

test('a slip of the hand is recognised', async () => {
  const verb = await espalier(['trails', 'digits'], new FakeEngine());
  assert.equal(verb.exitCode, 2);
  assert.match(verb.stderr, /Did you mean trials\?/);
  const option = await espalier(['run', '-f', 'x', '--paralel', '2'], new FakeEngine());
  assert.equal(option.exitCode, 2);
  assert.match(option.stderr, /Did you mean --parallel\?/);
});

test('wrong usage is told on stderr with exit code 2', async () => {
  for (const words of [
    [],
    ['run'],
    ['get'],
    ['run', '-f', 'x', '--parallel', '0'],
    ['run', '-f', 'x', '--parallel', '1.5'],
    ['plan', '-f', 'x', '--seconds-per-epoch', '-1'],
    ['list', '-o', 'csv'],
    ['trials', 'x', '--sort', 'colour'],
  ]) {
    const ran = await espalier(words, new FakeEngine());
    assert.equal(ran.exitCode, 2, words.join(' '));
    assert.equal(ran.stdout, '', words.join(' '));
    assert.notEqual(ran.stderr, '', words.join(' '));
  }
});

test('version is told on stdout', async () => {
  for (const words of [['version'], ['--version']]) {
    const ran = await espalier(words, new FakeEngine());
    assert.match(ran.stdout, /^espalier \d+\.\d+\.\d+\n$/);
  }
});

test('an error says what was tried and what came back; a stack only if asked for', async () => {
  const engine = new FakeEngine();
  engine.openClient = () => Promise.reject(new Error('the disk is on fire'));
  const ran = await espalier(['get', 'digits', '--dir', '/'], engine);
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /^error: cannot get digits: the disk is on fire$/m);
  assert.doesNotMatch(ran.stderr, /\bat .*\.ts/);
  const debug = await espalier(['get', 'digits', '--dir', '/'], engine, {
    env: { ESPALIER_DEBUG: '1' },
  });
  assert.match(debug.stderr, /\bat .*\.ts/);
});

test("the engine's codes become exit codes", () => {
  const wants: Record<string, number> = {
    LockHeld: 6,
    NotFound: 3,
    InvalidSpec: 2,
    Unsupported: 2,
    Conflict: 7,
    Terminal: 7,
    Storage: 1,
    ENOSPC: 1,
    EISDIR: 2,
    ENOENT: 3,
    EWHATEVER: 1,
  };
  for (const [code, want] of Object.entries(wants)) {
    assert.equal(asFailure(coded(code, 'x'), 'cannot y').exitCode, want, code);
  }
});
