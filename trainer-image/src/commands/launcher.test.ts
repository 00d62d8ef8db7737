import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/espalier-train', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'espalier-launcher-')));
after(() => rmSync(folder, { recursive: true }));

/** What the launcher starts in a tree whose TensorFlow lies in `site`: its arguments and variables. */
function launch(site: string, environment: Record<string, string> = {}): Record<string, string> {
  const root = join(folder, site, 'app');
  const [bin, deps] = [
    join(root, 'node_modules', '.bin'),
    join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'deps'),
  ];
  for (const each of [bin, deps, join(root, 'trainer-image', 'bin')]) {
    mkdirSync(each, { recursive: true });
  }
  symlinkSync(join(folder, site, 'tensorflow'), join(deps, 'lib'));
  copyFileSync(LAUNCHER, join(root, 'trainer-image', 'bin', 'espalier-train'));
  writeFileSync(join(bin, 'node'), '#!/bin/sh\nprintf "ARGS=%s\\n" "$*"\nenv\n');
  chmodSync(join(bin, 'node'), 0o755);
  const out = execFileSync(join(root, 'trainer-image', 'bin', 'espalier-train'), ['doctor'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  });
  return Object.fromEntries(
    out.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
  );
}

test('the launcher names the libraries and the compiler beside a TensorFlow for GPUs', () => {
  const site = join(folder, 'gpu');
  mkdirSync(join(site, 'tensorflow'), { recursive: true });
  for (const name of ['cublas', 'cudnn', 'cuda_nvcc']) {
    mkdirSync(join(site, 'nvidia', name, name === 'cuda_nvcc' ? 'bin' : 'lib'), {
      recursive: true,
    });
  }
  const seen = launch('gpu', { LD_LIBRARY_PATH: '/mine' });
  assert.match(seen['ARGS'] ?? '', /main\.ts doctor$/);
  const nvidia = join(site, 'tensorflow', '..', 'nvidia');
  const paths = (seen['LD_LIBRARY_PATH'] ?? '').split(':').map((path) => join(path));
  assert.deepEqual(paths, ['/mine', join(nvidia, 'cublas', 'lib'), join(nvidia, 'cudnn', 'lib')]);
  assert.match(seen['PATH'] ?? '', /nvidia\/cuda_nvcc\/bin$/);
  assert.equal(seen['CUDA_CACHE_MAXSIZE'], '4294967296');
});

test('the launcher changes nothing for a TensorFlow without GPUs', () => {
  mkdirSync(join(folder, 'cpu', 'tensorflow'), { recursive: true });
  const seen = launch('cpu');
  assert.equal(seen['LD_LIBRARY_PATH'], undefined);
  assert.equal(seen['CUDA_CACHE_MAXSIZE'], undefined);
  assert.equal(seen['PATH'], process.env['PATH']);
});
