import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawComparison } from '../plot/loss-comparison.ts';
import { writePicture } from '../plot/picture.ts';
import { readColumns } from '../report/read-table.ts';
import { findPython, NO_PYTHON, printLine, runPython } from './python.ts';

/**
 * `node --conditions=@espalier/source trainer-image/src/bench/learning.ts FOLDER [CASE...]`: what the
 * recipe learns on real images; one JSON line per case. Cases: `digits` (7,000 at 32x32), `patches`
 * (11 photographs at 128x128, a quarter of the width), `losses` (cross entropy against squared error
 * from the same seed, plotted). Ends with 1 if one learns too little. Takes about half an hour on two
 * cores; what a case left in FOLDER is not made again.
 */

const [folder = 'espalier-learning', ...chosen] = process.argv.slice(2);
const PROGRAM = fileURLToPath(new URL('../../bin/espalier-train', import.meta.url));
const CASES: Readonly<Record<string, () => Promise<void> | void>> = { digits, patches, losses };
/** The recipe with two of its options; without them it ended at 0.981. */
const DIGIT_FLAGS = '--image-size 32 --classes 10 --schedule cosine --augment rotate,affine';
const LEAST = { digits: 0.985, patches: 0.9 };

mkdirSync(folder, { recursive: true });
for (const [name, run] of Object.entries(CASES)) {
  if (chosen.length === 0 || chosen.includes(name)) await run();
}

function digits(): void {
  const run = train('digits-run', digitSet(), DIGIT_FLAGS);
  const truth = join(digitSet(), 'test_truth.csv');
  const score = JSON.parse(program('score', join(run, 'submission.csv'), truth));
  report(
    { case: 'digits', testAccuracy: score.accuracy, least: LEAST.digits },
    score.accuracy >= LEAST.digits,
  );
}

function patches(): void {
  const data = join(folder, 'patches');
  const python = findPython('skimage', 'PIL');
  if (!existsSync(data)) {
    if (python === undefined) {
      printLine({ bench: 'learning', case: 'patches', skipped: NO_PYTHON });
      return;
    }
    runPython(python, 'patches.py', [data]);
  }
  const best = Math.max(
    ...accuraciesOf(train('patches-run', data, '--width 0.25 --augment flip --train-limit 1100')),
  );
  report({ case: 'patches', validAccuracy: best, least: LEAST.patches }, best >= LEAST.patches);
}

async function losses(): Promise<void> {
  const settings =
    '--image-size 32 --classes 10 --width 0.25 --train-limit 2000 --optimizer sgd --lr 0.01';
  const runs = ['cross-entropy', 'mse'].map((loss) => ({
    label: loss,
    accuracies: accuraciesOf(train(`loss-${loss}`, digitSet(), `${settings} --loss ${loss}`)),
  }));
  const title = 'The same network, seed and rate on digits, two losses';
  const paths = await writePicture(folder, 'losses', drawComparison(title, runs));
  const [entropy = 0, squared = 1] = runs.map(({ accuracies }) => accuracies.at(-1));
  report(
    { case: 'losses', crossEntropy: entropy, squaredError: squared, plot: paths[0] },
    entropy > squared,
  );
}

function digitSet(): string {
  const data = join(folder, 'digits');
  program('data', 'digits', data);
  return data;
}

function train(name: string, data: string, flags: string): string {
  const run = join(folder, name);
  if (!existsSync(join(run, 'manifest.json')))
    program('train', data, '--out', run, ...flags.split(' '));
  return run;
}

function accuraciesOf(run: string): number[] {
  return readColumns(readFileSync(join(run, 'metrics.csv'), 'utf8')).get('valid_acc') ?? [];
}

function program(...args: string[]): string {
  return execFileSync(PROGRAM, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function report(line: Readonly<Record<string, unknown>>, holds: boolean): void {
  printLine({ bench: 'learning', ...line, holds });
  if (!holds) process.exitCode = 1;
}
