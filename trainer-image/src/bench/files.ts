import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readColumns } from '../report/read-table.ts';
import { findPython, NO_PYTHON, printLine, runPython } from './python.ts';

/**
 * `node --conditions=@espalier/source trainer-image/src/bench/files.ts`: trains a little and has
 * TensorBoard, pandas and safetensors read what is left. Ends with 1 if they read anything else.
 */

const PROGRAM = fileURLToPath(new URL('../../bin/espalier-train', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'espalier-files-'));
const [data, run] = [join(folder, 'digits'), join(folder, 'run')];
try {
  const python = findPython('tensorboard', 'pandas', 'safetensors');
  if (python === undefined) printLine({ bench: 'files', skipped: NO_PYTHON });
  else compare(python);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compare(python: string): void {
  execFileSync(PROGRAM, ['data', 'digits', data, '--limit', '200']);
  const small = '--image-size 32 --width 0.05 --classes 10 --epochs 2 --lr 0.003'.split(' ');
  execFileSync(PROGRAM, ['train', data, '--out', run, ...small], { stdio: 'ignore' });
  const theirs = JSON.parse(runPython(python, 'files.py', [run])) as {
    scalars: Record<string, [number, number][]>;
    tables: Record<string, { rows: number; columns: string[]; types: string[] }>;
    tensors: string[];
  };
  const steps = readColumns(readFileSync(join(run, 'steps.csv'), 'utf8'));
  const losses = steps.get('loss') ?? [];
  const events = theirs.scalars['step/loss'] ?? [];
  const holds =
    losses.length > 0 &&
    events.length === losses.length &&
    events.every(([step, value], i) => step === i + 1 && value === Math.fround(losses[i] ?? 0)) &&
    theirs.scalars['epoch/valid_acc']?.length === 2 &&
    theirs.tables['steps.csv']?.rows === losses.length &&
    theirs.tables['metrics.csv']?.rows === 2 &&
    theirs.tables['submission.csv']?.columns.join() === 'Id,Category' &&
    !theirs.tables['steps.csv'].types.includes('object') &&
    theirs.tensors.includes('cnn.1.num_batches_tracked');
  printLine({
    bench: 'files',
    tags: Object.keys(theirs.scalars).length,
    tables: theirs.tables,
    holds,
  });
  if (!holds) process.exitCode = 1;
}
