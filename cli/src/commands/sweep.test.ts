import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readManifests } from '@espalier/api';
import { espalier, FakeSignals } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { experiment } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-sweep-'));
});
after(() => rmSync(dir, { recursive: true }));

const sweep = (words: string, engine = new FakeEngine()) =>
  espalier(['sweep', ...words.split(' ')], engine, { cwd: dir });

test('the command of the documents is the manifest of the documents', async () => {
  const { stdout, exitCode, stderr } = await sweep(
    '--print --image i --profile gpu --lr 1e-5..1e-2:log --batch-size 32,64,128 ' +
      '--schedule constant,cosine --seed 1,2,3:replicates --metric valid_acc:max --trials 30 ' +
      '--parallel 4 --early-stop asha --name digits -- python3 train.py --trials 5',
  );
  assert.equal(exitCode, 0, stderr);
  const { written, problems } = readManifests(stdout, 'sweep.yaml');
  assert.deepEqual(problems, []);
  assert.equal(written[0]?.metadata.name, 'digits');
  assert.deepEqual(written[0]?.spec, {
    objective: { metric: 'valid_acc', goal: 'maximize' },
    parameters: [
      { name: 'lr', float: { min: 1e-5, max: 1e-2, scale: 'log' } },
      { name: 'batchSize', int: { values: [32, 64, 128] } },
      { name: 'schedule', string: { values: ['constant', 'cosine'] } },
    ],
    replicates: { parameter: 'seed', values: [1, 2, 3], racing: { algorithm: 'asha' } },
    search: { algorithm: 'auto' },
    trials: { max: 30, parallel: 4 },
    trainer: {
      profile: 'gpu',
      image: 'i',
      command: ['python3', 'train.py', '--trials', '5'],
    },
  });
});

const refused: Record<string, { words: string; want: RegExp }> = {
  'no metric': { words: '--lr 1..2', want: /--metric is needed.*\n.*--metric valid_acc:max/ },
  'no parameter': { words: '--metric a:max', want: /needs a parameter of the trainer/ },
  'a slip': { words: '--metric a:max --lr 1..2 --paralel 2', want: /did you mean --parallel\?/ },
  'a range that cannot be log': {
    words: '--metric a:max --lr 0..1:log',
    want: /^error: --lr 0\.\.1:log: scale log needs min > 0/,
  },
  'a name that is none': {
    words: '--metric a:max --lr 1..2 --name A_B',
    want: /^error: --name: /,
  },
  'a rule that does not exist': {
    words: '--metric a:max --lr 1..2 --early-stop ashe',
    want: /^error: --early-stop: .*asha/,
  },
  'a quantity that is none': {
    words: '--metric a:max --lr 1..2 --memory lots',
    want: /^error: --memory: must be a quantity/,
  },
  'a folder for a cluster': {
    words: '--metric a:max --lr 1..2 --dir x',
    want: /add --local to run it here/,
  },
  'two places': {
    words: '--metric a:max --lr 1..2 --local --context c',
    want: /--local and --context exclude each other/,
  },
  'too many trials': {
    words: '--metric a:max --lr 1..2 --trials 1000000',
    want: /^error: --trials: /,
  },
};
for (const [name, { words, want }] of Object.entries(refused)) {
  test(`refused, naming the flag: ${name}`, async () => {
    const engine = new FakeEngine();
    const ran = await sweep(words, engine);
    assert.equal(ran.exitCode, 2, ran.stderr);
    assert.match(ran.stderr, want);
    assert.equal(ran.stdout, '');
    assert.deepEqual(engine.calls, []);
  });
}

test('--local runs what --print prints; after an interrupt the same command goes on', async () => {
  const engine = new FakeEngine();
  const words = ['--metric', 'a:max', '--lr', '1e-3..1e-1', '--name', 'mine', '--', './t', 'a b'];
  const signals = new FakeSignals();
  engine.script = async (runner, key) => {
    const mine = engine.objects.get(`${key.namespace}/${key.name}`);
    runner.change({ ...experiment(), ...mine, status: experiment().status }, []);
    queueMicrotask(() => signals.send('SIGINT'));
    runner.saved.resolve();
    await runner.forever();
  };
  const ran = await espalier(['sweep', '--local', ...words], engine, { cwd: dir, signals });
  assert.equal(ran.exitCode, 130, ran.stderr);
  assert.deepEqual(engine.calls.slice(0, 1), ['apply mine']);
  assert.match(
    ran.stderr,
    /go on with: espalier sweep --local --metric a:max --lr 1e-3\.\.1e-1 --name mine -- \.\/t 'a b'\n/,
  );
  const printed = await espalier(['sweep', '--print', ...words], new FakeEngine(), { cwd: dir });
  const { experiments } = readManifests(printed.stdout, 'x');
  assert.deepEqual(engine.objects.get('default/mine')?.spec, experiments[0]?.spec);
});

const init = (file: string, answers: readonly string[], force = false) => {
  const left = [...answers];
  return espalier(['init', file, ...(force ? ['--force'] : [])], new FakeEngine(), {
    cwd: dir,
    answers: async () => left.shift() ?? assert.fail('one question too many'),
  });
};

test('init asks, asks again what was typed wrongly, and writes what validate accepts', async () => {
  const ran = await init('asked.yaml', [
    'valid_loss',
    'less',
    'min',
    '',
    'lr 1e-5..1e-2:lag',
    'lr 1e-5..1e-2:log',
    'lr 3',
    'batchSize 32, 64',
    '',
    'many',
    '8',
    '',
    '',
    'python3 train.py',
    'No_Name',
    'digits',
  ]);
  assert.equal(ran.exitCode, 0, ran.stderr);
  for (const want of [
    /which values are better/,
    /did you mean :log\?/,
    /lr is there already/,
    /No_Name: must/,
  ]) {
    assert.match(ran.stderr, want);
  }
  const text = readFileSync(join(dir, 'asked.yaml'), 'utf8');
  const { written, problems } = readManifests(text, 'asked.yaml');
  assert.deepEqual(problems, []);
  assert.equal(written[0]?.metadata.name, 'digits');
  assert.deepEqual(written[0]?.spec, {
    objective: { metric: 'valid_loss', goal: 'minimize' },
    parameters: [
      { name: 'lr', float: { min: 1e-5, max: 1e-2, scale: 'log' } },
      { name: 'batchSize', int: { values: [32, 64] } },
    ],
    search: { algorithm: 'auto' },
    trials: { max: 8, parallel: 1 },
    trainer: { command: ['python3', 'train.py'] },
  });
});

test('init replaces no file without --force, also one that appeared meanwhile', async () => {
  writeFileSync(join(dir, 'kept.yaml'), 'mine');
  const early = await init('kept.yaml', []);
  assert.equal(early.exitCode, 7);
  const answers = ['', '', 'lr 1..2', '', '', '', '', '', ''];
  const late = await espalier(['init', 'late.yaml'], new FakeEngine(), {
    cwd: dir,
    answers: async () => {
      writeFileSync(join(dir, 'late.yaml'), 'mine');
      return answers.shift() ?? '';
    },
  });
  assert.equal(late.exitCode, 7, late.stderr);
  assert.equal(readFileSync(join(dir, 'late.yaml'), 'utf8'), 'mine');
  const forced = await init('kept.yaml', ['', '', 'lr 1..2', '', '', '', '', '', ''], true);
  assert.equal(forced.exitCode, 0, forced.stderr);
  assert.match(readFileSync(join(dir, 'kept.yaml'), 'utf8'), /^kind: Experiment$/m);
});

test('init without a terminal names the flags that do the same', async () => {
  const ran = await espalier(['init', 'x.yaml'], new FakeEngine(), { cwd: dir });
  assert.equal(ran.exitCode, 2);
  assert.match(ran.stderr, /espalier sweep --print --metric/);
  assert.equal(existsSync(join(dir, 'x.yaml')), false);
});
