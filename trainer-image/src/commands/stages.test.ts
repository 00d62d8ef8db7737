import assert from 'node:assert/strict';
import {
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
import { decodeSafetensors, encodeSafetensors } from '../checkpoint/safetensors.ts';
import { writeDigits } from '../digits/write-digits.ts';
import { type Ended, runProgram } from '../testing/run-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-stages-'));
after(() => rmSync(folder, { recursive: true }));
const [digits, run] = [join(folder, 'digits'), join(folder, 'run')];
await writeDigits(digits, 400);

const program = (...args: string[]): Promise<Ended> =>
  runProgram(args, { ESPALIER_CACHE: join(folder, 'cache') });
const SMALL =
  '--image-size 32 --width 0.05 --classes 10 --epochs 3 --batch-size 19 --lr 0.003'.split(' ');
const trained = await program('train', digits, '--out', run, ...SMALL);
assert.equal(trained.code, 0, trained.err);

function bestModel(): string {
  const checkpoint = readdirSync(run).find((name) => name.startsWith('checkpoint-')) ?? '';
  return join(run, checkpoint, 'model.safetensors');
}

test('R32 R49 evaluate repeats the accuracy that training recorded for its best epoch', async () => {
  const { code, out, err } = await program('evaluate', run, digits);
  assert.equal(code, 0, err);
  const result = JSON.parse(out);
  const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
  assert.equal(result.accuracy, manifest.best.value);
  assert.match(err, /Evaluating .*model\.safetensors on 60 images of valid\./);
});

test('R41 R42 predict writes the table that training wrote, also with one image in the last batch', async () => {
  // 60 test images: three batches of 19, and one of 3; of 20, the last one has one image.
  const target = join(folder, 'submission.csv');
  const { code, err } = await program('predict', run, digits, '--out', target);
  assert.equal(code, 0, err);
  assert.equal(readFileSync(target, 'utf8'), readFileSync(join(run, 'submission.csv'), 'utf8'));
  assert.match(readFileSync(target, 'utf8'), /^Id,Category\n0000,\d\n0001,/);
  const few = join(folder, 'few');
  mkdirSync(join(few, 'test'), { recursive: true });
  for (const name of readdirSync(join(digits, 'test')).slice(0, 20)) {
    writeFileSync(join(few, 'test', name), readFileSync(join(digits, 'test', name)));
  }
  const last = await program('predict', run, few, '--out', target, '--id-start', '9999');
  assert.equal(last.code, 0, last.err);
  const rows = readFileSync(target, 'utf8').trimEnd().split('\n');
  assert.equal(rows.length, 21);
});

test('R43 the Id has four digits from idStart on, more from 10000', async () => {
  const target = join(folder, 'ids.csv');
  await program('predict', run, digits, '--out', target, '--id-start', '9999');
  assert.match(readFileSync(target, 'utf8'), /^Id,Category\n9999,\d\n10000,\d\n/);
});

test('R6 predict takes an explicit list of images in its order', async () => {
  const [target, list] = [join(folder, 'listed.csv'), join(folder, 'list.txt')];
  const all = readFileSync(join(run, 'submission.csv'), 'utf8').trimEnd().split('\n').slice(1);
  writeFileSync(
    list,
    ['0007.jpg', '0003.jpg'].map((name) => join(digits, 'test', name)).join('\n'),
  );
  const { code, err } = await program('predict', run, digits, '--out', target, '--files', list);
  assert.equal(code, 0, err);
  const classes = [7, 3].map((row) => all[row]?.split(',')[1]);
  assert.equal(
    readFileSync(target, 'utf8'),
    `Id,Category\n0000,${classes[0]}\n0001,${classes[1]}\n`,
  );
});

test('R11 predict lets augmented versions vote', async () => {
  const target = join(folder, 'votes.csv');
  const votes = ['--tta', '3', '--augment', 'rotate,crop', '--tta-weight', '0.6'];
  const { code, err } = await program('predict', run, digits, '--out', target, ...votes);
  assert.equal(code, 0, err);
  assert.equal(readFileSync(target, 'utf8').trimEnd().split('\n').length, 61);
  const alone = await program('predict', run, digits, '--out', target, '--tta', '3');
  assert.equal(alone.code, 20);
  assert.match(alone.err, /tta needs --augment/);
});

test('R44-R48 visualise leaves features, a map, plots, curves and a page', async () => {
  const out = join(folder, 'view');
  const { code, err } = await program('visualise', run, digits, '--out', out);
  assert.equal(code, 0, err);
  const { tensors } = decodeSafetensors(readFileSync(join(out, 'features.safetensors')));
  // 512 x 0.05 = 26 channels, one pixel left of 32.
  assert.deepEqual(tensors.get('features')?.shape, [60, 26]);
  assert.deepEqual(tensors.get('labels')?.shape, [60]);
  assert.match(readFileSync(join(out, 'tsne.csv'), 'utf8'), /^x,y,label\n-?[\d.]+,-?[\d.]+,\d\n/);
  const [, ...rows] = readFileSync(join(out, 'confusion.csv'), 'utf8').trim().split('\n');
  assert.equal(
    rows.reduce((sum, row) => sum + Number(row.split(',')[2]), 0),
    60,
  );
  for (const name of ['tsne-all', 'tsne-class-5', 'curves']) {
    assert.ok(existsSync(join(out, `${name}.svg`)) && existsSync(join(out, `${name}.png`)), name);
    assert.match(readFileSync(join(out, 'index.html'), 'utf8'), new RegExp(`src="${name}\\.svg"`));
  }
  assert.match(err, /Taking the features of layer 19 for 60 validation images\./);
});

test('R48 a selected class that is absent is said, not a failure', async () => {
  const out = join(folder, 'absent');
  const { code, err } = await program(
    'visualise',
    bestModel(),
    digits,
    '--out',
    out,
    '--class',
    '10',
  );
  assert.equal(code, 0, err);
  assert.match(err, /No validation image is of class 10: no plot of it\./);
  assert.ok(!existsSync(join(out, 'tsne-class-10.svg')));
});

test('a model without our metadata, as from PyTorch, is seen from its tensors', async () => {
  const { tensors } = decodeSafetensors(readFileSync(bestModel()));
  const foreign = join(folder, 'foreign.safetensors');
  writeFileSync(foreign, Buffer.concat(encodeSafetensors([...tensors.values()])));
  const [ours, theirs] = [
    await program('evaluate', run, digits),
    await program('evaluate', foreign, digits),
  ];
  assert.equal(theirs.code, 0, theirs.err);
  assert.ok(
    Math.abs(JSON.parse(theirs.out).weightedLoss - JSON.parse(ours.out).weightedLoss) < 1e-6,
  );
});

const spoilt = join(folder, 'spoilt');
mkdirSync(join(spoilt, 'test'), { recursive: true });
const neverBest = {
  version: 1,
  trialUid: 'u',
  attempt: 0,
  step: 1,
  epoch: 1,
  best: null,
  resume: null,
  files: [],
};
mkdirSync(join(folder, 'never-best'));
writeFileSync(join(folder, 'never-best', 'manifest.json'), JSON.stringify(neverBest));
const cut = join(folder, 'cut.safetensors');
writeFileSync(cut, readFileSync(bestModel()).subarray(0, -100));
const lying = join(folder, 'lying.safetensors');
const { tensors: honest } = decodeSafetensors(readFileSync(bestModel()));
const file = Buffer.concat(encodeSafetensors([...honest.values()]));
writeFileSync(lying, Buffer.from(file.toString('latin1').replace('[26,', '[62,'), 'latin1'));
const claiming = (name: string, shape: object): string => {
  const path = join(folder, name);
  const metadata = { 'espalier.parameters': JSON.stringify(shape) };
  writeFileSync(path, Buffer.concat(encodeSafetensors([...honest.values()], metadata)));
  return path;
};
const wider = claiming('wider.safetensors', { imageSize: 64, width: 0.05, classes: 10 });
const huge = claiming('huge.safetensors', { imageSize: 1e6, width: 1e4, classes: 1e9 });

const bad: Record<string, { args: string[]; code: number; want: RegExp }> = {
  'no model': {
    args: ['evaluate', join(folder, 'none'), digits],
    code: 30,
    want: /no model or run .*none/,
  },
  'a folder without a run': { args: ['predict', digits, digits], code: 30, want: /holds no run/ },
  'R38 a run whose accuracy was 0 throughout': {
    args: ['predict', join(folder, 'never-best'), digits],
    code: 30,
    want: /there is no checkpoint in .*accuracy above 0/,
  },
  'a truncated model': {
    args: ['evaluate', cut, digits],
    code: 30,
    want: /cut\.safetensors: .*outside the file/,
  },
  'a model whose header lies': {
    args: ['evaluate', lying, digits],
    code: 30,
    want: /lying\.safetensors: .*do not fit its shape/,
  },
  'a model of another shape': {
    args: ['evaluate', wider, digits],
    code: 30,
    want: /wider\.safetensors: fc\.0\.weight is 51x26 in the checkpoint, 51x104 in this network/,
  },
  'a model that claims to fill the memory': {
    args: ['evaluate', huge, digits],
    code: 30,
    want: /huge\.safetensors: cnn\.0\.weight is 3x3 in the checkpoint, 640000x3 in this network/,
  },
  'an empty test folder': {
    args: ['predict', run, spoilt],
    code: 30,
    want: /test holds no file that ends in \.jpg/,
  },
  'labels that the model does not know': {
    args: ['evaluate', run, digits, '--split', 'test'],
    code: 30,
    want: /the label before "_" must be 0 to 9/,
  },
  'R44 a layer that the stack does not have': {
    args: ['visualise', run, digits, '--layer', '20'],
    code: 20,
    want: /layer must be a whole number from 0 to 19, got 20/,
  },
  'R40 half precision': {
    args: ['train', digits, '--fp16'],
    code: 20,
    want: /fp16 is refused: tfjs has no mixed precision/,
  },
  'an unknown demonstration': { args: ['demo', 'D7'], code: 30, want: /no demonstration D7/ },
};
for (const [name, { args, code, want }] of Object.entries(bad)) {
  test(`${name} ends with ${code} and no stack`, async () => {
    const ended = await program(...args);
    assert.equal(ended.code, code, ended.err);
    assert.match(ended.err, want);
    assert.doesNotMatch(ended.err, /^ {4}at /m);
  });
}

test('R3 a GPU that is asked for and not there is an error, never a silent CPU', {
  skip: existsSync('/dev/nvidia0') ? 'this machine has a GPU' : false,
}, async () => {
  const doctor = await program('doctor', '--gpu');
  assert.equal(doctor.code, 30, doctor.err);
  assert.match(JSON.parse(doctor.out).problem, /a GPU was asked for/);
  const wish = { ESPALIER_CACHE: join(folder, 'cache'), ESPALIER_DEVICE: 'gpu' };
  const evaluated = await runProgram(['evaluate', run, digits], wish);
  assert.equal(evaluated.code, 30);
  assert.match(evaluated.err, /a GPU was asked for .* uses none/);
});

test('R2 doctor says what a run finds: TensorFlow, device, determinism, libraries', async () => {
  const { code, out, err } = await program('doctor');
  assert.equal(code, 0, err);
  const facts = JSON.parse(out);
  assert.match(facts.tensorflow, /^2\./);
  assert.deepEqual(facts.determinism, { ops: true, cudnn: true });
  assert.ok(facts.libraries.some((path: string) => path.includes('libtensorflow_cc')));
});
