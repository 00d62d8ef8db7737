import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { reportLineSchema } from '@espalier/api';
import { writeDigits } from '../digits/write-digits.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-program-'));
after(() => rmSync(folder, { recursive: true }));
const digits = join(folder, 'digits');
await writeDigits(digits, 300);
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Start {
  readonly env?: Record<string, string>;
  /** Called with everything printed so far. */
  readonly watch?: (out: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** A shell command that runs the program as "$@". */
  readonly shell?: string;
}

function program(args: readonly string[], { env = {}, watch, shell }: Start = {}): Promise<Ended> {
  const command = [process.execPath, '--conditions=@espalier/source', MAIN, ...args];
  const [file = '', ...rest] =
    shell === undefined ? command : ['bash', '-c', shell, 'bash', ...command];
  const child = spawn(file, rest, {
    env: {
      ...process.env,
      ESPALIER_CACHE: join(folder, 'cache'),
      ESPALIER_CPU_THREADS: '1',
      ...env,
    },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    watch?.(out, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

const SMALL: Record<string, number> = {
  imageSize: 32,
  width: 0.05,
  classes: 10,
  epochs: 2,
  batchSize: 32,
};

function trial(
  name: string,
  given: Record<string, number | string> = {},
  { metric = 'valid_acc', ...start }: Start & { metric?: string } = {},
): Promise<Ended> {
  const parameters = Object.entries({ ...SMALL, ...given }).map(([key, value]) => ({
    name: key,
    ...(typeof value === 'string'
      ? { string: value }
      : Number.isInteger(value)
        ? { int: value }
        : { float: value }),
  }));
  const task = {
    namespace: 'default',
    experiment: 'e',
    trial: `e-${name}`,
    uid: 'u',
    attempt: 0,
    parameters,
    objective: { metric, goal: 'maximize' },
    checkpoint: { everyEpochs: 1 },
  };
  mkdirSync(join(folder, name), { recursive: true });
  const env = {
    ESPALIER_TRIAL: JSON.stringify(task),
    ESPALIER_DATA: digits,
    ESPALIER_OUT: join(folder, name),
    ESPALIER_REPORT: `file:${join(folder, `${name}.report`)}`,
    ESPALIER_RESUME: '',
    ESPALIER_TERMINATION_LOG: join(folder, `${name}.term`),
    ...start.env,
  };
  return program(['trial'], { ...start, env });
}

function report(name: string) {
  const text = readFileSync(join(folder, `${name}.report`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => reportLineSchema.parse(JSON.parse(line)));
}

function lastWords(name: string) {
  return JSON.parse(readFileSync(join(folder, `${name}.term`), 'utf8'));
}

test('a trial ends with 0, its files, its whole report and its last observation', async () => {
  const { code, out, err } = await trial('done');
  assert.equal(code, 0, err);
  assert.match(out, /^\[ Valid \| 002\/002 \] loss = \d\.\d{5}, acc = \d\.\d{5}/m);
  const lines = report('done');
  assert.equal(lines[0]?.kind, 'started');
  const last = lines.at(-1);
  const points = lines.flatMap((line) => (line.kind === 'points' ? line.points : []));
  assert.ok(last?.kind === 'finished' && last.lastSeq === points.length - 1);
  assert.deepEqual(
    points.map(({ seq }) => seq),
    points.map((_, index) => index),
  );
  assert.equal(lastWords('done').epoch, 2);
  assert.ok('valid_acc' in lastWords('done').values);
  for (const file of ['manifest.json', 'metrics.csv', 'steps.csv', 'log.txt', 'submission.csv']) {
    assert.ok(existsSync(join(folder, 'done', file)), file);
  }
  const scored = await program([
    'score',
    join(folder, 'done', 'submission.csv'),
    join(digits, 'test_truth.csv'),
  ]);
  assert.ok(JSON.parse(scored.out).accuracy >= 0);
});

test('SIGTERM saves and ends with 10, and the next attempt completes the trial', async () => {
  let isKilled = false;
  const stopped = await trial(
    'cut',
    { epochs: 200, augment: 'rotate' },
    {
      watch: (out, kill) => {
        // Once: another one while the process ends would end it by the signal.
        if (!isKilled && out.includes('Valid | 001')) {
          isKilled = true;
          kill('SIGTERM');
        }
      },
    },
  );
  assert.equal(stopped.code, 10, stopped.err);
  assert.ok(readdirSync(join(folder, 'cut')).some((name) => /^manifest-\d+\.json$/.test(name)));
  const again = await trial(
    'next',
    { epochs: 2, augment: 'rotate' },
    { env: { ESPALIER_RESUME: join(folder, 'cut') } },
  );
  assert.equal(again.code, 0, again.err);
  const [started] = report('next');
  assert.ok(started?.kind === 'started' && started.firstSeq > 0 && started.resumedStep > 0);
});

test('SIGTERM before the first step ends with 10 at once', async () => {
  const { code } = await trial(
    'early',
    {},
    {
      shell:
        '"$@" & p=$!; while ! [ -s "$ESPALIER_OUT.report" ]; do sleep 0.02; done; kill $p; wait $p',
      env: { ESPALIER_CACHE: join(folder, 'cold-cache') },
    },
  );
  assert.equal(code, 10);
});

test('a run whose loss is no longer a number ends with 21 and keeps its tables', async () => {
  const { code, err } = await trial('diverge', { lr: 1e9, optimizer: 'sgd', maxGradNorm: 0 });
  assert.equal(code, 21, err);
  assert.match(err, /(loss|gradient) is (NaN|Infinity|-Infinity) at step/);
  assert.equal(report('diverge').at(-1)?.kind, 'finished');
  assert.ok(existsSync(join(folder, 'diverge', 'steps.csv')));
});

const invalid: Record<string, { given: Record<string, number | string>; want: RegExp }> = {
  'an unknown parameter ends with 20': {
    given: { batchsize: 3 },
    want: /did you mean batchSize\?/,
  },
  'a warm-up as long as the run ends with 20': {
    given: { schedule: 'warmup-cosine', warmupSteps: 14 },
    want: /warmupSteps must be less than all 14 steps/,
  },
};
for (const [name, { given, want }] of Object.entries(invalid)) {
  test(name, async () => {
    const { code, err } = await trial('invalid', given);
    assert.equal(code, 20, err);
    assert.match(err, want);
    assert.match(lastWords('invalid').message, want);
  });
}

test('an unknown metric ends with 30', async () => {
  const { code, err } = await trial('metric', {}, { metric: 'valid_ac' });
  assert.equal(code, 30);
  assert.match(err, /did you mean valid_acc\?/);
});

const badData: Record<string, { spoil: (data: string) => void; want: RegExp }> = {
  'a corrupt JPEG ends with 30 and is named': {
    spoil: (data) => writeFileSync(join(data, 'train', '3_bad.jpg'), 'no image'),
    want: /cannot decode .*3_bad\.jpg/,
  },
  'a truncated JPEG ends with 30 and is named': {
    spoil: (data) => {
      const path = join(data, 'valid', readdirSync(join(data, 'valid'))[0] ?? '');
      writeFileSync(path, readFileSync(path).subarray(0, -200));
    },
    want: /cannot decode .*valid/,
  },
  'a label outside the classes ends with 30': {
    spoil: (data) => cpSync(join(data, 'test', '0000.jpg'), join(data, 'valid', '10_0.jpg')),
    want: /must be 0 to 9 .*10_0\.jpg/,
  },
  'no validation set ends with 30': {
    spoil: (data) => rmSync(join(data, 'valid'), { recursive: true }),
    want: /there is no folder .*valid/,
  },
  'an empty training set ends with 30': {
    spoil: (data) => {
      rmSync(join(data, 'train'), { recursive: true });
      mkdirSync(join(data, 'train'));
    },
    want: /train holds no file that ends in \.jpg/,
  },
};
for (const [name, { spoil, want }] of Object.entries(badData)) {
  test(name, async () => {
    const data = join(folder, 'spoilt');
    rmSync(data, { recursive: true, force: true });
    cpSync(digits, data, { recursive: true });
    spoil(data);
    const { code, err } = await trial('data', {}, { env: { ESPALIER_DATA: data } });
    assert.equal(code, 30, err);
    assert.match(err, want);
    assert.match(lastWords('data').message, want);
  });
}

test('a disk that takes no more ends with 1, names the file and leaves no half file', async () => {
  // The model of this network has 400 kB; the pixels were cached by the tests before.
  const { code, err } = await trial('full', { width: 0.1 }, { shell: 'ulimit -f 100; exec "$@"' });
  assert.equal(code, 1);
  assert.match(err, /cannot write .*(model|state)\.safetensors: EFBIG/);
  const left = readdirSync(join(folder, 'full'), { recursive: true }).map(String);
  assert.deepEqual(
    left.filter((name) => /manifest|safetensors/.test(name)),
    [],
  );
});

test('a disk that takes no pixels ends with 1, names the file and leaves none', async () => {
  const cache = join(folder, 'full-cache');
  const { code, err } = await trial(
    'full-pixels',
    {},
    { shell: 'ulimit -f 100; exec "$@"', env: { ESPALIER_CACHE: cache } },
  );
  assert.equal(code, 1, err);
  assert.match(err, /cannot write .*\.rgb: EFBIG/);
  assert.deepEqual(readdirSync(join(cache, 'pixels')), []);
});

test('wrong usage ends with 2, help with 0', async () => {
  const wrong = await program(['trian']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /Did you mean one of train, trial\?/);
  const help = await program(['train', '--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /--warmup-steps/);
});

test('train without an orchestrator refuses to overwrite an earlier run', async () => {
  const flags = Object.entries(SMALL).flatMap(([key, value]) => [
    `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const args = ['train', digits, '--out', join(folder, 'alone'), ...flags];
  assert.equal((await program(args)).code, 0);
  const again = await program(args);
  assert.equal(again.code, 30);
  assert.match(again.err, /holds an earlier run/);
});
