import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { event, FakeEngine } from '../testing/fake-engine.ts';
import { at, endedTrial, experiment, runningTrial, trialView } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-verbs-'));
});
after(() => rmSync(dir, { recursive: true }));

const FOLDER = '/data/default/digits-uid-digits/trials/00001-uid-digits-1/a0';

/** An Experiment that has ended, with a best trial and its files. */
function ended(): FakeEngine {
  const best = {
    trial: 'digits-00001',
    configuration: 1,
    value: 0.9713,
    step: 700,
    parameters: [
      { name: 'lr', float: 0.002 },
      { name: 'schedule', string: 'constant' },
      { name: 'epochs', int: 8 },
    ],
    checkpoint: {
      uri: `file://${FOLDER}/checkpoint-700/model.safetensors`,
      sha256: 'ab'.repeat(32),
    },
    csv: `file://${FOLDER}/metrics.csv`,
  };
  const digits = experiment({
    status: {
      phase: 'Succeeded',
      reason: 'MaxTrialsReached',
      message: 'all 3 trials ended',
      completionTime: at(50),
      progress: '3/3',
      best,
    },
  });
  const artifacts = {
    attempt: 0,
    folder: `file://${FOLDER}`,
    submissionCsv: `file://${FOLDER}/submission.csv`,
  };
  return new FakeEngine().add(digits, [
    endedTrial(0, 0.91, { seconds: 20 }),
    endedTrial(1, 0.9713, { seconds: 28, status: { artifacts } }),
    endedTrial(2, undefined, {
      seconds: 2,
      status: { phase: 'Failed', reason: 'ProgramError', message: 'exit code 1' },
    }),
  ]);
}

const where = () => ['--dir', dir];

test('list shows a row per Experiment of the namespace', async () => {
  const engine = ended()
    .add(experiment({ name: 'other', namespace: 'team-a' }))
    .add(experiment({ name: 'awake', status: { progress: '1/6', trials: undefined } }));
  const ran = await espalier(['list', ...where()], engine);
  assert.equal(
    ran.stdout,
    [
      'NAME    PHASE      PROGRESS  RUNNING    BEST  OBJECTIVE    AGE',
      'awake   Running         1/6        0       -  valid_acc  1m00s',
      'digits  Succeeded       3/3        0  0.9713  valid_acc  1m00s',
      '',
    ].join('\n'),
  );
  assert.equal(ran.exitCode, 0);
  const all = await espalier(['list', '-A', '-o', 'name', ...where()], engine);
  assert.deepEqual(all.stdout.trim().split('\n'), [
    'experiment.espalier.dev/awake',
    'experiment.espalier.dev/digits',
    'experiment.espalier.dev/other',
  ]);
});

test('list of a folder that nobody has used is empty and no error', async () => {
  const ran = await espalier(['list', '--dir', join(dir, 'none')], new FakeEngine());
  assert.deepEqual([ran.exitCode, ran.stdout], [0, '']);
  assert.match(ran.stderr, /^no Experiments in .*none, namespace default\n$/);
  const json = await espalier(['list', '--json', '--dir', join(dir, 'none')], new FakeEngine());
  assert.deepEqual(JSON.parse(json.stdout), { apiVersion: 'v1', kind: 'List', items: [] });
});

test('get shows an Experiment as a page, and as a document', async () => {
  const ran = await espalier(['get', 'digits', ...where()], ended());
  assert.match(ran.stdout, /^Name: +digits$/m);
  assert.match(ran.stdout, /^Phase: +Succeeded$/m);
  assert.match(ran.stdout, /^Message: +all 3 trials ended$/m);
  assert.match(ran.stdout, /^Took: +50s$/m);
  const json = await espalier(
    ['get', 'experiment.espalier.dev/digits', '--json', ...where()],
    ended(),
  );
  assert.equal(JSON.parse(json.stdout).kind, 'Experiment');
  const yaml = await espalier(['get', 'digits', '-o', 'yaml', ...where()], ended());
  assert.match(yaml.stdout, /^kind: Experiment$/m);
});

test('get shows a Trial too', async () => {
  const ran = await espalier(['get', 'digits-00002', ...where()], ended());
  assert.match(ran.stdout, /^Reason: +ProgramError$/m);
  assert.match(ran.stdout, /^Log: +espalier logs digits-00002$/m);
});

test('a name that is close to another is suggested', async () => {
  const ran = await espalier(['get', 'dgits', ...where()], ended());
  assert.equal(ran.exitCode, 3);
  assert.equal(
    ran.stderr,
    [
      'error: no Experiment or Trial dgits in namespace default',
      '  did you mean digits?',
      '  espalier list shows what there is (with the same --dir or --context)',
      '',
    ].join('\n'),
  );
  const elsewhere = await espalier(['trials', 'digits', '-n', 'team-a', ...where()], ended());
  assert.equal(elsewhere.exitCode, 3);
  assert.match(elsewhere.stderr, /there is one in -n default/);
});

test('a hostile name is shown, not obeyed', async () => {
  const ran = await espalier(['get', 'x\x1b[2J', ...where()], ended());
  assert.match(ran.stderr, /no Experiment or Trial x\\x1b\[2J/);
});

test('trials are listed best first, or as asked for', async () => {
  const ran = await espalier(['trials', 'digits', ...where()], ended());
  assert.equal(
    ran.stdout,
    [
      'TRIAL         STATE            LR  SCHEDULE  EPOCH  VALID_ACC  TIME',
      'digits-00001  Succeeded     0.002  constant    8/8     0.9713   28s',
      'digits-00000  Succeeded     0.001  cosine      8/8     0.9100   20s',
      'digits-00002  ProgramError  0.003  cosine      8/8          -    2s',
      '',
    ].join('\n'),
  );
  const slowest = await espalier(
    ['trials', 'digits', '--sort', 'time', '--limit', '1', '-o', 'name', ...where()],
    ended(),
  );
  assert.equal(slowest.stdout, 'trial.espalier.dev/digits-00001\n');
  const wide = await espalier(['trials', 'digits', '-o', 'wide', ...where()], ended());
  assert.match(wide.stdout, /EPOCHS.*ATTEMPT {2}ALGORITHM {2}MESSAGE/);
  assert.match(wide.stdout, /random@1 {3}exit code 1$/m);
});

test('best gives absolute paths to everything that the best trial left', async () => {
  const ran = await espalier(['best', 'digits', '--json', ...where()], ended());
  assert.deepEqual(JSON.parse(ran.stdout), {
    experiment: 'digits',
    namespace: 'default',
    phase: 'Succeeded',
    metric: 'valid_acc',
    goal: 'maximize',
    trial: 'digits-00001',
    configuration: 1,
    value: 0.9713,
    step: 700,
    epoch: 7,
    parameters: { lr: 0.002, schedule: 'constant', epochs: 8 },
    checkpoint: `${FOLDER}/checkpoint-700/model.safetensors`,
    checkpointSha256: 'ab'.repeat(32),
    metricsCsv: `${FOLDER}/metrics.csv`,
    trialsCsv: '/data/default/digits-uid-digits/trials.csv',
    submissionCsv: `${FOLDER}/submission.csv`,
    folder: FOLDER,
  });
  const page = await espalier(['best', 'digits', ...where()], ended());
  assert.match(page.stdout, /^valid_acc: +0\.9713$/m);
  const none = await espalier(
    ['best', 'young', ...where()],
    new FakeEngine().add(experiment({ name: 'young', status: {} })),
  );
  assert.equal(none.exitCode, 3);
  assert.match(none.stderr, /young \(Running\) has no value of valid_acc yet/);
});

test('logs prints the log of a trial, and those of an Experiment with their index', async () => {
  const engine = ended();
  for (const index of [0, 1]) {
    const path = join(dir, `log-${index}`);
    writeFileSync(path, `epoch 1\nepoch 2 of ${index}`);
    engine.logs.set(`digits-0000${index} 0`, path);
  }
  const one = await espalier(['logs', 'digits-00001', ...where()], engine);
  assert.deepEqual([one.exitCode, one.stdout], [0, 'epoch 1\nepoch 2 of 1']);
  const followed = await espalier(['logs', '-f', 'digits-00001', ...where()], engine);
  assert.equal(followed.stdout, one.stdout);
  const all = await espalier(['logs', 'digits', ...where()], engine);
  assert.equal(
    all.stdout,
    '[00000] epoch 1\n[00000] epoch 2 of 0\n[00001] epoch 1\n[00001] epoch 2 of 1\n',
  );
  const none = await espalier(['logs', 'digits-00002', ...where()], engine);
  assert.equal(none.exitCode, 3);
  assert.match(none.stderr, /digits-00002 has no log/);
  const attempt = await espalier(['logs', 'digits', '--attempt', '1', ...where()], engine);
  assert.equal(attempt.exitCode, 2);
});

test('events are told oldest first, repeated ones once', async () => {
  const engine = ended();
  engine.eventsOf.set('default/digits', [
    { ...event('TrialFailed', 'digits-00002: exit code 1', 40), type: 'Warning', count: 3 },
    event('Started', 'looking at 6 configurations', 1),
  ]);
  const ran = await espalier(['events', 'digits', ...where()], engine);
  assert.equal(
    ran.stdout,
    [
      'LAST SEEN  TYPE     REASON       OBJECT             MESSAGE',
      '      59s  Normal   Started      experiment/digits  looking at 6 configurations',
      '      20s  Warning  TrialFailed  experiment/digits  digits-00002: exit code 1 (3 times)',
      '',
    ].join('\n'),
  );
});

test('a running trial shows its live values', async () => {
  const engine = new FakeEngine().add(experiment({ status: {} }), [
    runningTrial(0, 3, 0.8),
    trialView(1),
  ]);
  const ran = await espalier(['trials', 'digits', ...where()], engine);
  assert.match(ran.stdout, /digits-00000 {2}Running .*3\/8/);
});

test('a folder that does not exist is named', async () => {
  const ran = await espalier(['get', 'digits', '--dir', join(dir, 'none')], new FakeEngine());
  assert.equal(ran.exitCode, 3);
  assert.match(ran.stderr, /error: there is no folder .*none\n/);
});
