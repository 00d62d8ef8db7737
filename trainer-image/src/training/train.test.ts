import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DRAWN_EXTRA, manifestSchema, type ParameterValue } from '@espalier/api';
import { asParent, readResume } from '../checkpoint/resume.ts';
import { writeDigits } from '../digits/write-digits.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { PointLog } from '../report/point-log.ts';
import { NO_REPORT } from '../report/report-sink.ts';
import { testDevice } from '../testing/layer-probe.ts';
import { NO_PROGRESS } from './progress.ts';
import { RunLog } from './run-log.ts';
import { StopRequested } from './stop.ts';
import { train } from './train.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-train-'));
after(() => rmSync(folder, { recursive: true }));
const dataFolder = join(folder, 'digits');
await writeDigits(dataFolder, 200);
testDevice();

const SMALL: [string, ParameterValue][] = [
  ['imageSize', 32],
  ['width', 0.05],
  ['classes', 10],
  ['batchSize', 32],
  ['epochs', 2],
  ['lr', 0.003],
];

interface RunOptions {
  readonly given?: [string, ParameterValue][];
  readonly resumeFrom?: string;
  /** That is another trial's. */
  readonly isParent?: boolean;
  /** Ask to end after so many batches, of training or validation. */
  readonly stopAfter?: number;
  readonly everyEpochs?: number;
  readonly cache?: string;
}

/** Trains into `folder/name`; whether it came to its end. */
async function run(name: string, options: RunOptions = {}): Promise<boolean> {
  const outFolder = join(folder, name);
  const { mkdirSync } = await import('node:fs');
  mkdirSync(outFolder, { recursive: true });
  const found =
    options.resumeFrom === undefined ? undefined : readResume(join(folder, options.resumeFrom));
  const resume = found !== undefined && options.isParent === true ? asParent(found) : found;
  const stop = new AbortController();
  let batches = 0;
  const show = (): void => {
    batches += 1;
    if (batches === options.stopAfter) stop.abort(new StopRequested('test'));
  };
  try {
    await train({
      parameters: parseParameters([...SMALL, ...(options.given ?? [])]),
      dataFolder,
      outFolder,
      cacheFolder: join(folder, options.cache ?? 'cache'),
      identity: { trialUid: 'u', attempt: 0 },
      checkpointEveryEpochs: options.everyEpochs ?? 1,
      threads: 1,
      resume,
      points: new PointLog(resume?.points ?? [], resume?.state.nextSeq ?? 0, NO_REPORT),
      log: new RunLog(outFolder, () => {}),
      progress: { ...NO_PROGRESS, show },
      stop: stop.signal,
    });
    return true;
  } catch (error) {
    if (error instanceof StopRequested) return false;
    throw error;
  }
}

/** Everything that must not depend on interruptions. */
function outcome(name: string): Record<string, string> {
  const path = (file: string): string => join(folder, name, file);
  const withoutTimes = (file: string, columns: RegExp): string => {
    const [header = '', ...rows] = readFileSync(path(file), 'utf8').trimEnd().split('\n');
    const kept = header
      .split(',')
      .flatMap((column, index) => (columns.test(column) ? [] : [index]));
    return [header, ...rows]
      .map((row) => kept.map((index) => row.split(',')[index]).join())
      .join('\n');
  };
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path('manifest.json'), 'utf8')));
  const model = manifest.files.find((file) => file.path.endsWith('model.safetensors'));
  assert.ok(model);
  for (const file of manifest.files) assert.ok(existsSync(path(file.path)), file.path);
  return {
    model: `${model.path} ${model.sha256}`,
    metrics: withoutTimes('metrics.csv', /per_sec|seconds/),
    steps: withoutTimes('steps.csv', /per_sec/),
    submission: readFileSync(path('submission.csv'), 'utf8'),
    confusion: readFileSync(path(DRAWN_EXTRA.confusionCsv), 'utf8'),
    log: readFileSync(path('log.txt'), 'utf8').replace(/^(Resumed|Asked).*\n/gm, ''),
  };
}

await run('whole');
const whole = outcome('whole');

test('R2 the same run twice gives the same bits', async () => {
  await run('again');
  assert.deepEqual(outcome('again'), whole);
});

test('the confusion matrix is that of the best epoch', () => {
  const rows = (whole['confusion'] ?? '').trim().split('\n').slice(1);
  const counts = rows.map((row) => row.split(',').map(Number));
  const images = counts.reduce((sum, [, , count = 0]) => sum + count, 0);
  const right = counts.reduce((sum, [a, b, count = 0]) => sum + (a === b ? count : 0), 0);
  const [header = '', ...epochs] = (whole['metrics'] ?? '').split('\n');
  const column = header.split(',').indexOf('valid_acc');
  const best = Math.max(...epochs.map((row) => Number(row.split(',')[column] || 0)));
  // The validation images are one batch, so the mean of the batches is that of the images.
  assert.ok(Math.abs(right / images - best) < 1e-6, `${right} of ${images}, and not ${best}`);
});

test('R10 R14 weights are bit for bit the same by 0, 1 and 2 workers, with augmentation', async (t) => {
  const augment: [string, ParameterValue] = ['augment', 'flip,rotate,affine,crop,jitter'];
  for (const workers of [0, 1, 2]) {
    // A cold cache: they decode, too.
    const options = { given: [augment, ['workers', workers]], cache: `cache-of-${workers}` };
    await run(`workers-${workers}`, options as RunOptions);
  }
  const [first, ...others] = [0, 1, 2].map((workers) => outcome(`workers-${workers}`));
  assert.notEqual(first?.['model'], whole['model']);
  for (const other of others) assert.deepEqual(other, first);
  t.diagnostic(`sha256 of the weights by each: ${first?.['model']?.split(' ')[1]}`);
});

test('R12 a last batch of one image trains like any other', async () => {
  assert.equal(await run('one-left', { given: [['trainLimit', 33]] }), true);
  const { steps } = outcome('one-left');
  const losses =
    steps
      ?.split('\n')
      .slice(1)
      .map((row) => Number(row.split(',')[2])) ?? [];
  assert.equal(losses.length, 4);
  for (const loss of losses) assert.ok(Number.isFinite(loss), `${losses}`);
});

// 5 training batches and 1 of validation per epoch, then the test set.
for (const stopAfter of [1, 3, 5, 6, 8, 11, 12]) {
  test(`a run stopped after ${stopAfter} batches goes on bit for bit`, async () => {
    assert.equal(await run(`part-${stopAfter}`, { stopAfter }), false);
    assert.equal(await run(`rest-${stopAfter}`, { resumeFrom: `part-${stopAfter}` }), true);
    assert.deepEqual(outcome(`rest-${stopAfter}`), whole);
  });
}

test('R10 R11 R13 a run stopped twice goes on bit for bit, also with rare checkpoints, augmentation and a shuffled valid set', async () => {
  const options: RunOptions = {
    given: [
      ['epochs', 5],
      ['optimizer', 'momentum'],
      ['schedule', 'cosine'],
      ['shuffleValid', true],
      ['augment', 'flip,rotate,affine,crop,jitter'],
      ['tta', 2],
    ],
    everyEpochs: 3,
  };
  await run('straight', options);
  await run('first', { ...options, stopAfter: 9 });
  await run('second', { ...options, stopAfter: 8, resumeFrom: 'first' });
  await run('third', { ...options, resumeFrom: 'second' });
  assert.deepEqual(outcome('third'), outcome('straight'));
});

test('a run may go on in the folder in which it was stopped', async () => {
  await run('same', { stopAfter: 7 });
  await run('same', { resumeFrom: 'same' });
  assert.deepEqual(outcome('same'), whole);
});

test('only the files of the manifest stay, and no temporary one', () => {
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(folder, 'whole', 'manifest.json'), 'utf8')),
  );
  const listed = ['manifest.json', ...manifest.files.map(({ path }) => path)];
  const found = readdirSync(join(folder, 'whole'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'whole').length + 1));
  assert.deepEqual(found.sort(), listed.sort());
  assert.equal(manifest.resume, null);
});

test('a damaged checkpoint is an error that names the file', async () => {
  await run('broken', { stopAfter: 3 });
  const state = join(folder, 'broken', 'checkpoint-3', 'state.safetensors');
  const bytes = readFileSync(state);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(state, bytes);
  await assert.rejects(run('unreached', { resumeFrom: 'broken' }), /state\.safetensors is damaged/);
});

test('a checkpoint of another network is refused', async () => {
  await run('narrow', { stopAfter: 3 });
  await assert.rejects(
    run('wide', { resumeFrom: 'narrow', given: [['width', 0.06]] }),
    /has width 0\.05, this run has 0\.06/,
  );
});

test('the checkpoint of another trial gives its weights, step and epoch, and nothing of its results', async () => {
  await run('donor', { stopAfter: 9 });
  const donor = readResume(join(folder, 'donor'));
  assert.ok(donor?.state.best && donor.state.epoch === 1 && donor.state.position > 0);
  const given: [string, ParameterValue][] = [
    ['lr', 1e-12],
    ['batchSize', 16],
  ];
  await run('child', { resumeFrom: 'donor', isParent: true, given, stopAfter: 1 });
  const child = readResume(join(folder, 'child'));
  assert.ok(child);
  const { step, epoch, position, best } = child.state;
  assert.deepEqual([step, epoch, position, best], [donor.state.step + 1, 1, 1, null]);
  assert.equal(child.points[0]?.seq, 0);
  assert.ok(child.points.every((point) => point.step > donor.state.step));
  for (const [name, { data }] of donor.model) {
    // One step at such a rate moves no weight by more than a few last bits; running means follow the batches.
    if (/running_/.test(name)) continue;
    const own = child.model.get(name)?.data;
    assert.ok(own !== undefined && own.length === data.length, name);
    const [a, b] = [data, own].map((bytes) => new Float32Array(Uint8Array.from(bytes).buffer));
    const far = [...(a ?? [])].map((x, i) => Math.abs(x - (b?.[i] ?? Number.NaN)));
    assert.ok(Math.max(...far) < 1e-5, `${name}: ${Math.max(...far)}`);
  }
});

test('an empty or missing resume folder means to start anew', () => {
  assert.equal(readResume(join(folder, 'nowhere')), undefined);
});

test('training leaves no tensor behind', async () => {
  const device = testDevice();
  const before = device.liveTensors;
  await run('leak');
  assert.equal(device.liveTensors, before);
});
