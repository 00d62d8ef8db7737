import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier, MemoryTerminal } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-verify-'));
});
after(() => rmSync(dir, { recursive: true }));

const DIFFERENCE = {
  trial: 'digits-00001',
  index: 1,
  what: 'parameter lr',
  recorded: '0.001 (float)',
  recomputed: '0.002 (float)',
};

function engineWith(change: Partial<FakeEngine['verification']> = {}): FakeEngine {
  const engine = new FakeEngine().add(experiment(), [endedTrial(0, 0.9)]);
  engine.verification = { ...engine.verification, ...change };
  return engine;
}

test('verify counts what follows from the record, and exits with 0', async () => {
  const ran = await espalier(['verify', 'digits', '--dir', dir], engineWith());
  assert.equal(
    ran.stdout,
    [
      'RECOMPUTED   EQUAL  DIFFERENT  UNKNOWN',
      'suggestions      3          0        0',
      'verdicts         2          0        0',
      '',
    ].join('\n'),
  );
  assert.equal(ran.stderr, '3 trials of digits: all follow from the record\n');
  assert.equal(ran.exitCode, 0);
});

test('verify names the first difference, lists them, and exits with 8', async () => {
  const engine = engineWith({
    suggestions: { equal: 2, different: 1, unknown: 0 },
    differences: [DIFFERENCE],
  });
  const ran = await espalier(['verify', 'digits', '--dir', dir], engine);
  assert.match(
    ran.stdout,
    /TRIAL +WHAT +RECORDED +RECOMPUTED\ndigits-00001 +parameter lr +0\.001 \(float\) +0\.002 \(float\)\n/,
  );
  assert.equal(
    ran.stderr,
    'digits-00001: parameter lr is 0.001 (float), but 0.002 (float) follows from the record\n',
  );
  assert.equal(ran.exitCode, 8);
  const names = await espalier(['verify', 'digits', '-o', 'name', '--dir', dir], engine);
  assert.equal(names.stdout, 'trial.espalier.dev/digits-00001\n');
});

test('verify shows twenty differences and says how many more there are', async () => {
  const differences = Array.from({ length: 25 }, () => DIFFERENCE);
  const ran = await espalier(['verify', 'digits', '--dir', dir], engineWith({ differences }));
  assert.match(ran.stdout, /\n5 more: -o json\n$/);
});

test('verify groups by reason what it cannot recompute, and exits with 9', async () => {
  const unknown = {
    what: 'suggestion',
    reason: 'TrialsMissing',
    message: 'it was deleted',
  } as const;
  const engine = engineWith({
    suggestions: { equal: 1, different: 0, unknown: 2 },
    unknowns: [1, 2].map((index) => ({ trial: `digits-0000${index}`, index, ...unknown })),
    missing: [3],
    sharedOrders: 1,
  });
  const ran = await espalier(['verify', 'digits', '--dir', dir], engine);
  assert.match(ran.stdout, /COUNT +UNKNOWN +FIRST +WHY\n +2 +suggestions +digits-00001 +it was/);
  assert.equal(
    ran.stderr,
    [
      '3 trials of digits: what can be recomputed follows from the record',
      'deleted trials: 1',
      'rung entries that share their order with another: 1',
      '',
    ].join('\n'),
  );
  assert.equal(ran.exitCode, 9);
});

test('verify -o json is one document with all that was found', async () => {
  const engine = engineWith({ differences: [DIFFERENCE] });
  const ran = await espalier(['verify', 'digits', '-o', 'json', '--dir', dir], engine);
  const document = JSON.parse(ran.stdout);
  assert.equal(document.experiment, 'digits');
  assert.deepEqual(document.differences, [DIFFERENCE]);
  assert.deepEqual(document.verdicts, { equal: 2, different: 0, unknown: 0 });
});

test('a quick verification draws no progress on a terminal', async () => {
  const stderr = new MemoryTerminal();
  await espalier(['verify', 'digits', '--dir', dir], engineWith(), { stderr });
  assert.doesNotMatch(stderr.text, /\r/);
});

test('verify of an unknown Experiment says so', async () => {
  const ran = await espalier(['verify', 'digit', '--dir', dir], engineWith());
  assert.match(ran.stderr, /no Experiment digit[\s\S]*did you mean digits\?/);
  assert.equal(ran.exitCode, 3);
});
