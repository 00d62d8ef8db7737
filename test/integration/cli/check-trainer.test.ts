import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  globSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { writeDigits } from '../../../trainer-image/src/digits/write-digits.ts';
import { waitFor } from '../../kit/wait.ts';
import { Sandbox } from './sandbox.ts';

const SAMPLES = resolve(import.meta.dirname, '../../../manifests/samples');

interface Verdict {
  readonly tried: string;
  readonly promise: string;
  readonly verdict: string;
  readonly found: string;
  readonly todo?: string;
}

/** A copy of the Python sample, with some of its text replaced. */
function pythonSandbox(
  t: TestContext,
  edits: readonly (readonly [string, string])[] = [],
): Sandbox {
  const sandbox = new Sandbox(t);
  cpSync(join(SAMPLES, 'python-trainer'), sandbox.dir, { recursive: true });
  edit(sandbox, 'train.py', edits);
  return sandbox;
}

function edit(sandbox: Sandbox, name: string, edits: readonly (readonly [string, string])[]): void {
  const path = join(sandbox.dir, name);
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), `${name} has no ${from}`);
    text = text.replace(from, () => to);
  }
  writeFileSync(path, text);
}

async function check(
  sandbox: Sandbox,
  ...words: string[]
): Promise<{ exitCode: number | null; verdicts: readonly Verdict[]; stderr: string }> {
  const ran = await sandbox.espalier('check-trainer', '-f', 'experiment.yaml', '--json', ...words);
  const { verdicts } = JSON.parse(ran.stdout || '{"verdicts":[]}');
  return { exitCode: ran.exitCode, verdicts, stderr: ran.stderr };
}

const notPassed = (verdicts: readonly Verdict[]) =>
  verdicts
    .filter(({ verdict }) => verdict !== 'PASS')
    .map(({ promise, found }) => [promise, found]);

describe('espalier check-trainer', { concurrency: 2 }, () => {
  test('U14 a trainer in plain Python keeps every promise', async (t) => {
    const sandbox = pythonSandbox(t);
    const { exitCode, verdicts, stderr } = await check(sandbox, '--invalid', 'lr=-1');
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(notPassed(verdicts), [
      ['leaves last words that fit into a termination message', 'there are none'],
    ]);
    assert.ok(!readdirSync(sandbox.dir).includes('.espalier'));
    t.diagnostic(`promises ${verdicts.length}, broken 0`);
  });

  test('our own trainer keeps every promise', async (t) => {
    const sandbox = new Sandbox(t);
    await writeDigits(join(sandbox.dir, 'digits'), 300);
    cpSync(join(SAMPLES, 'digits-sweep.yaml'), join(sandbox.dir, 'experiment.yaml'));
    const parameters = [
      'epochs=3',
      'width=0.05',
      'batchSize=32',
      'trainLimit=200',
      'validLimit=50',
    ];
    const { exitCode, verdicts, stderr } = await check(
      sandbox,
      '--data',
      'digits',
      '-p',
      ...parameters,
      '--invalid',
      'lr=-1',
    );
    assert.deepEqual(notPassed(verdicts), [], stderr);
    assert.equal(exitCode, 0);
    t.diagnostic(`promises ${verdicts.length}, broken 0`);
  });

  const END = "digest='%08x%08x' % tuple(digest))\n";
  const broken: Record<string, { edits: [string, string][]; promise: string; found: RegExp }> = {
    'exits with 3 when it is done': {
      edits: [[END, `${END}sys.exit(3)\n`]],
      promise: 'exits with 0 when it is done',
      found: /exited with 3/,
    },
    'leaves a gap in its numbers': {
      edits: [["point = {'seq': run['seq'],", "point = {'seq': run['seq'] + (run['seq'] > 3),"]],
      promise: 'numbers its points without gaps',
      found: /seq 5 where 4 is due/,
    },
    'computes another digest': {
      edits: [['tuple(digest))', 'tuple(digest[::-1]))']],
      promise: 'says that it finished, with a digest of its points',
      found: /the digest is [0-9a-f]{16}, not/,
    },
    'writes NaN as no JSON has it': {
      edits: [["'valid_loss': valid_loss}}", "'valid_loss': valid_loss, 'x': math.nan}}"]],
      promise: 'reports lines that fit the schema',
      found: /write NaN and Infinity in quotes/,
    },
    'says nothing of its start': {
      edits: [["tell(kind='started'", "dict(kind='started'"]],
      promise: 'says that it started anew',
      found: /the first line is points/,
    },
    'reports another metric': {
      edits: [["'valid_loss': valid_loss}}", "'validLoss': valid_loss}}"]],
      promise: 'reports the objective valid_loss',
      found: /it reports loss, validLoss/,
    },
    'lists other bytes than it wrote': {
      edits: [["'sha256': hashlib.sha256(content)", "'sha256': hashlib.sha256(content[1:])"]],
      promise: 'ends with a manifest.json, all of whose files are whole',
      found: /another sha256 than manifest\.json lists/,
    },
    'names another trial in its manifest': {
      edits: [["'trialUid': task['uid']", "'trialUid': task['trial']"]],
      promise: 'leaves a checkpoint to resume from',
      found: /names trial python-00000/,
    },
    'dies of SIGTERM': {
      edits: [['signal.signal(signal.SIGTERM, lambda *_: stops.append(True))', '']],
      promise: 'saves and exits with 10 on SIGTERM',
      found: /ended by SIGTERM/,
    },
    'does not end on SIGTERM': {
      edits: [['lambda *_: stops.append(True)', 'lambda *_: time.sleep(600)']],
      promise: 'saves and exits with 10 on SIGTERM',
      found: /it took too long/,
    },
    'starts anew instead of going on': {
      edits: [["resume.glob('manifest*.json')", "resume.glob('nothing')"]],
      promise: 'says where it goes on',
      found: /resumedStep is 0, not \d+/,
    },
    'writes into its data': {
      edits: [[END, `${END}open(os.environ['ESPALIER_DATA'] + '/cache', 'w')\n`]],
      promise: 'writes nothing but its own folders',
      found: /data(\/cache)? was written/,
    },
    'says too much at its end': {
      edits: [[END, `${END}open(os.environ['ESPALIER_TERMINATION_LOG'], 'w').write('x' * 5000)\n`]],
      promise: 'leaves last words that fit into a termination message',
      found: /5000 bytes/,
    },
    'takes parameters that can never work': {
      edits: [['sys.exit(20)', "sys.exit('lr')"]],
      promise: 'exits with 20 if its parameters can never work',
      found: /exited with 1/,
    },
  };
  for (const [name, { edits, promise, found }] of Object.entries(broken)) {
    test(`a trainer that ${name} is found out`, async (t) => {
      const sandbox = pythonSandbox(t, edits);
      edit(sandbox, 'experiment.yaml', [
        ['trainer:\n', 'trainer:\n    gracePeriod: 2s\n'],
        ['epochs, int: { value: 20 }', 'epochs, int: { value: 40 }'],
      ]);
      const { exitCode, verdicts, stderr } = await check(sandbox, '--invalid', 'lr=-1');
      assert.equal(exitCode, 10, stderr);
      const failed = verdicts.filter(({ verdict }) => verdict === 'FAIL');
      const first = failed.find((verdict) => verdict.promise === promise);
      assert.ok(first, `not found out: ${JSON.stringify(failed)}`);
      assert.match(first.found, found);
      assert.ok(first.todo);
    });
  }

  test('a run that is too short to be stopped is not held against the trainer', async (t) => {
    const sandbox = pythonSandbox(t);
    const { exitCode, verdicts } = await check(sandbox, '-p', 'epochs=1');
    assert.equal(exitCode, 0, JSON.stringify(verdicts));
    const told = verdicts.filter(({ tried }) => tried === 'told to stop');
    assert.deepEqual(
      told.map(({ verdict }) => verdict),
      ['SKIP'],
    );
  });

  test('Ctrl-C ends the trainer too, and a program that does not exist is told', async (t) => {
    const sandbox = pythonSandbox(t, [
      ["while run['epoch']", "print(os.getpid(), flush=True)\nwhile run['epoch']"],
    ]);
    const words = ['check-trainer', '-f', 'experiment.yaml', '-p', 'epochs=1000000', '--keep'];
    const started = sandbox.start(words);
    const logs = () => globSync(`${tmpdir()}/espalier-check-*/whole/log.txt`);
    const before = new Set(logs());
    const pid = await waitFor(
      () =>
        logs()
          .map((log) => !before.has(log) && Number(readFileSync(log, 'utf8')))
          .find(Boolean),
      { what: 'the trainer runs' },
    );
    started.kill('SIGINT');
    const { exitCode, stderr } = await started.ended;
    assert.equal(exitCode, 130);
    const kept = /kept (\S+)/.exec(stderr)?.[1] ?? '';
    assert.match(kept, /espalier-check-/);
    rmSync(kept, { recursive: true });
    assert.ok(!existsSync(`/proc/${pid}`));
    const missing = await check(sandbox, '--', './no-such-program');
    assert.equal(missing.exitCode, 2);
    assert.match(missing.stderr, /cannot start \.\/no-such-program/);
  });

  test('people read a line per promise', async (t) => {
    const sandbox = pythonSandbox(t, [['sys.exit(20)', 'sys.exit(1)']]);
    const words = ['check-trainer', '-f', 'experiment.yaml', '--invalid', 'lr=-1'];
    const { stdout, exitCode } = await sandbox.espalier(...words);
    assert.equal(exitCode, 10);
    assert.match(stdout, /a whole run:\n {2}PASS {2}exits with 0 when it is done {2,}\d/);
    assert.match(stdout, /FAIL {2}exits with 20 .*it exited with 1\n {8}any other code/);
    assert.match(stdout, /\n17 kept, 1 broken, 1 not tried\n$/);
  });
});
