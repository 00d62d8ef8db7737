import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '@espalier/api';
import { attemptFolder, wantedFiles } from './wanted-files.ts';

const UID = '3f8e1c52-0000-4000-8000-000000000001';
const file = (path: string, digit = '0') => ({ path, size: 1, sha256: digit.repeat(64) });

function manifest(paths: readonly string[], best: number | null = 20): Manifest {
  return {
    version: 1,
    trialUid: UID,
    attempt: 0,
    step: 30,
    epoch: 3,
    best: best === null ? null : { step: best, epoch: 2, value: 0.5 },
    resume: { step: 30 },
    files: paths.map((path) => file(path)),
  };
}

test('the best checkpoint and everything else is wanted, other checkpoints are not', () => {
  const paths = [
    'checkpoint-2/model.safetensors',
    'checkpoint-20/model.safetensors',
    'checkpoint-30/model.safetensors',
    'checkpoint-30/state.safetensors',
    'metrics.csv',
    'extra/plot.png',
  ];
  const wanted = wantedFiles(manifest(paths), '0'.repeat(64)).map(({ path }) => path);
  assert.deepEqual(wanted, ['checkpoint-20/model.safetensors', 'metrics.csv', 'extra/plot.png']);
  const none = wantedFiles(manifest(paths, null), undefined).map(({ path }) => path);
  assert.deepEqual(none, ['metrics.csv', 'extra/plot.png']);
});

test('a manifest that contradicts itself or the status is refused', () => {
  const twice = manifest(['metrics.csv', 'metrics.csv']);
  assert.throws(() => wantedFiles(twice, undefined), /lists metrics\.csv twice/);
  const other = manifest(['checkpoint-20/model.safetensors']);
  assert.throws(() => wantedFiles(other, '1'.repeat(64)), /another model than the status/);
  const missing = manifest(['checkpoint-30/model.safetensors']);
  assert.throws(() => wantedFiles(missing, '0'.repeat(64)), /another model than the status/);
});

test('the attempt is read from the URI of its folder or of a file in it', () => {
  const uri = `s3://bucket/pre/team/digits-${UID}/trials/00003-${UID}/a2`;
  const want = { uri, trialUid: UID, attempt: 2 };
  assert.deepEqual(attemptFolder(uri), want);
  assert.deepEqual(attemptFolder(`${uri}/checkpoint-20/model.safetensors`), want);
  assert.deepEqual(attemptFolder(`${uri}/metrics.csv`), want);
  for (const other of [undefined, '', `http://x/trials/00003-${UID}/a2`, `s3://b/trials/3/a2`]) {
    assert.equal(attemptFolder(other), undefined);
  }
});
