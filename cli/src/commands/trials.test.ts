import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier, type Ran } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment, runningTrial } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-trials-'));
});
after(() => rmSync(dir, { recursive: true }));

/** lr is 0.001 times one more than the index; even ones have the schedule cosine. */
function engine(): FakeEngine {
  return new FakeEngine().add(experiment({ status: { phase: 'Running' } }), [
    endedTrial(0, 0.91, { seconds: 20 }),
    endedTrial(1, 0.97, { seconds: 600 }),
    endedTrial(2, undefined, {
      seconds: 2,
      status: { phase: 'Failed', reason: 'OOMKilled', message: 'asked for more, "a lot"' },
    }),
    endedTrial(3, 0.5, { status: { phase: 'Stopped', reason: 'EarlyStopped' } }),
    runningTrial(4, 3, 0.6),
  ]);
}

const run = (verb: string, ...words: string[]): Promise<Ran> =>
  espalier([verb, 'digits', ...words, '--dir', dir], engine());

/** The indices of the trials that are shown, in that order. */
async function chosen(...words: string[]): Promise<string> {
  const ran = await run('trials', '-o', 'name', ...words);
  assert.equal(ran.exitCode, 0, ran.stderr);
  return [...ran.stdout.matchAll(/-0000(\d)\n/g)].map(([, index]) => index).join(' ');
}

const CHOICES: Readonly<Record<string, readonly [readonly string[], string]>> = {
  'a bound on a parameter': [['--where', 'lr<3e-3'], '1 0'],
  'a bound that belongs to it': [['--where', 'lr <= 0.003'], '1 0 2'],
  'a text': [['--where', 'schedule=COSINE'], '0 2 4'],
  'all conditions hold': [['--where', 'schedule=cosine', 'lr>0.001'], '2 4'],
  'what is not so': [['--where', 'phase!=Succeeded'], '3 2 4'],
  'a metric by its name': [['--where', 'valid_acc>0.9'], '1 0'],
  'what has no value is not compared': [['--where', 'value<1'], '1 0 3'],
  'a time as a duration': [['--where', 'time>=10m'], '1'],
  'a phase': [['--state', 'failed'], '2'],
  'a reason, or a phase': [['--state', 'EarlyStopped,Running'], '3 4'],
  'the best': [['--top', '2'], '1 0'],
  'the best part of those with a value, rounded up': [['--top', '34%'], '1 0'],
  'the best of those for which something holds': [['--top', '1', '--where', 'lr>0.002'], '3'],
};
for (const [name, [words, want]] of Object.entries(CHOICES)) {
  test(`trials shows only ${name}`, async () => assert.equal(await chosen(...words), want));
}

const WRONG: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  'a name that trials do not have': [
    ['--where', 'schedul=cosine'],
    /trials have no schedul\n +did you mean schedule\?\n +they have trial, index/,
  ],
  'no condition': [['--where', 'lr'], /"lr" is no condition/],
  'a bound that is no number': [
    ['--where', 'lr<small'],
    /small in lr<small is no number\n.*have an order; texts .* = and !=\n.*--where 'lr<1e-3' sch/,
  ],
  'no part': [['--top', '120%'], /--top "120%" is neither a number .*\n.*at most 100%/],
  'half a trial': [['--top', '1.5'], /--top "1\.5" is neither/],
  'a column that there is not': [
    ['--columns', 'trial,lrr'],
    /trials have no lrr\n +they have .*, lr, /,
  ],
};
for (const [name, [words, said]] of Object.entries(WRONG)) {
  test(`trials refuses ${name}`, async () => {
    const ran = await run('trials', ...words);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, said);
  });
}

test('trials shows the columns that are asked for, and says if nothing is meant', async () => {
  const ran = await run('trials', '--columns', 'index,schedule,valid_acc,time,reason');
  assert.deepEqual(ran.stdout.split('\n').slice(0, 3), [
    'INDEX  SCHEDULE  VALID_ACC    TIME  REASON',
    '    1  constant     0.9700  10m00s  Completed',
    '    0  cosine       0.9100     20s  Completed',
  ]);
  const none = await run('trials', '--where', 'lr>1');
  assert.equal(none.exitCode, 0);
  assert.equal(
    none.stderr,
    'digits has no such trial among 5, which are Succeeded, EarlyStopped, OOMKilled, Running\n',
  );
});

test('export writes the table of trials.csv, by index', async () => {
  const ran = await run('export');
  const [header, ...rows] = ran.stdout.trimEnd().split('\n');
  assert.match(header ?? '', /^index,trial,configuration,replicate,lr,schedule,epochs,objective/);
  assert.deepEqual(
    rows.map((row) => row.split(',')[0]),
    ['0', '1', '2', '3', '4'],
  );
  const failed = await run('export', '--state', 'Failed', '--format', 'jsonl');
  const line = JSON.parse(failed.stdout);
  assert.equal(line.message, 'asked for more, "a lot"');
  assert.deepEqual(line.parameters, { lr: 0.003, schedule: 'cosine', epochs: 8 });
});

test('export takes the format from the name of the file, and leaves nothing half written', async () => {
  const path = join(dir, 'out.json');
  const ran = await run('export', '-o', path);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /^5 trials: .*out\.json\n$/);
  const { experiment: name, objectives, trials } = JSON.parse(readFileSync(path, 'utf8'));
  assert.equal(name, 'digits');
  assert.deepEqual(objectives, [{ metric: 'valid_acc', goal: 'maximize' }]);
  assert.equal(trials[1].values.valid_acc, 0.97);
  assert.equal(trials[1].seconds, 600);
  assert.deepEqual(
    readdirSync(dir).filter((file) => file.startsWith('out')),
    ['out.json'],
  );
  const nowhere = await run('export', '-o', join(dir, 'no/such/folder.csv'));
  assert.equal(nowhere.exitCode, 3);
});

test('importance shows what decides first, and says when nothing tells yet', async () => {
  const known = engine();
  known.importance = [
    { name: 'lr', importance: 0.8 },
    { name: 'schedule', importance: 0.2 },
  ];
  const ran = await espalier(['importance', 'digits', '--dir', dir], known);
  assert.match(
    ran.stdout,
    /^PARAMETER {2}IMPORTANCE\nlr +0\.800 {2}█{24}\nschedule +0\.200 {2}█{6}\n$/,
  );
  const early = await run('importance');
  assert.equal(early.exitCode, 3);
  assert.match(early.stderr, /nothing tells yet which parameters of digits decide\n.*four/);
});
