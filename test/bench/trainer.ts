import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * `make bench-trainer`: the trainer against PyTorch, Keras and TensorFlow's graph, and its numbers and
 * files against theirs. What needs Python is skipped with a reason where scripts/parity/setup.sh was
 * not run. JSON lines on stdout; ends with 1 if a comparison of numbers is out of its bounds.
 */

const ROOT = resolve(import.meta.dirname, '../..');
for (const name of ['parity', 'pixels', 'files', 'compare']) {
  const script = `trainer-image/src/bench/${name}.ts`;
  const args = ['--conditions=@espalier/source', script];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
