import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { MANIFEST, manifestFolder } from '../testing/manifest-folder.ts';

const { dir, file } = manifestFolder();

test('a manifest with problems starts nothing and shows each with a caret', async () => {
  const bad = join(dir, 'bad.yaml');
  writeFileSync(bad, MANIFEST.replace('goal: maximize', 'gaol: maximize'));
  const engine = new FakeEngine();
  const ran = await espalier(['run', '-f', 'bad.yaml', '--dir', dir], engine, { cwd: dir });
  assert.equal(ran.exitCode, 2);
  assert.match(ran.stderr, /^bad\.yaml:5:\d+: spec\.objective\.gaol: .*did you mean "goal"\?$/m);
  assert.match(ran.stderr, /^ +\| +\^+$/m);
  assert.match(ran.stderr, /nothing was started/);
  assert.equal(engine.options, undefined);
});

test('a missing manifest, a folder and two Experiments are refused', async () => {
  const engine = new FakeEngine();
  const missing = await espalier(['run', '-f', 'digits.yml', '--dir', dir], engine, { cwd: dir });
  assert.equal(missing.exitCode, 3);
  assert.match(missing.stderr, /did you mean digits\.yaml\?/);
  const folder = await espalier(['run', '-f', dir, '--dir', dir], engine);
  assert.equal(folder.exitCode, 2);
  const two = join(dir, 'two.yaml');
  writeFileSync(two, `${MANIFEST}---\n${MANIFEST.replace('name: digits', 'name: letters')}`);
  const both = await espalier(['run', '-f', two, '--dir', dir], engine);
  assert.equal(both.exitCode, 2);
  assert.match(both.stderr, /holds 2 Experiments: digits, letters/);
});

test('validate tells every file, and all problems', async () => {
  const bad = join(dir, 'worse.yaml');
  writeFileSync(bad, MANIFEST.replace('max: 2', 'max: 0').replace('metric:', 'metrik:'));
  const ran = await espalier(['validate', '-f', file, bad], new FakeEngine());
  assert.equal(ran.exitCode, 2);
  assert.equal(ran.stdout, `${file}: ok, experiment digits (2 trials)\n`);
  assert.match(ran.stderr, /worse\.yaml: 3 problems/);
  const json = await espalier(['validate', '-f', file, '-f', bad, '--json'], new FakeEngine());
  const document = JSON.parse(json.stdout);
  assert.equal(document.valid, false);
  assert.deepEqual(
    document.files.map((entry: { valid: boolean }) => entry.valid),
    [true, false],
  );
});

test('plan tells trials, space and time, and writes nothing', async () => {
  const ran = await espalier(
    ['plan', '-f', file, '--dir', join(dir, 'none'), '--seconds-per-epoch', '2'],
    new FakeEngine(),
  );
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /^trials: +2 trials, 2 at once$/m);
  assert.match(ran.stdout, /^time: +about 16s \(2s per epoch, as given\)$/m);
  assert.match(ran.stdout, /^lr +float 0\.00001 \.\. 0\.01 log +any$/m);
});
