import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staysBest } from './best-record.ts';
import { artifactsOf, checkpointStep, newestFirst, readManifest } from './manifest.ts';

const best = (value: number, configuration: number) =>
  JSON.stringify({ trial: 'a-00000', configuration, value, step: 1, parameters: [] });

const stays: Record<string, { goal?: 'minimize'; stored: string; want: boolean }> = {
  'a better value stays': { stored: best(0.9, 3), want: true },
  'a worse value gives way': { stored: best(0.1, 0), want: false },
  'a smaller loss stays': { goal: 'minimize', stored: best(0.1, 3), want: true },
  'among equals the lower configuration stays': { stored: best(0.5, 1), want: true },
  'the same configuration gives way': { stored: best(0.5, 2), want: false },
  'half a record gives way': { stored: '{"value":', want: false },
  'another object gives way': { stored: '{"value":1}', want: false },
};
for (const [name, { goal = 'maximize', stored, want }] of Object.entries(stays)) {
  test(`G8 best.json: ${name}`, () => {
    assert.equal(staysBest([goal], stored, { value: 0.5, configuration: 2 }), want);
  });
}

const file = (path: string) => ({ path, size: 1, sha256: 'a'.repeat(64) });
const text = (change: object = {}) =>
  JSON.stringify({
    version: 1,
    trialUid: 'u',
    attempt: 1,
    step: 20,
    epoch: 1,
    best: { step: 10, epoch: 1, value: 1 },
    resume: null,
    files: ['checkpoint-10/model.safetensors', 'metrics.csv', 'submission.csv'].map(file),
    ...change,
  });
const owner = { trialUid: 'u', attempt: 1 };

test('a manifest names what its attempt left', () => {
  const manifest = readManifest(text(), owner);
  assert.deepEqual(
    artifactsOf(manifest, (path) => `s3://b/${path}`, true),
    {
      attempt: 1,
      folder: 's3://b/',
      checkpoint: {
        uri: 's3://b/checkpoint-10/model.safetensors',
        sha256: 'a'.repeat(64),
        step: 10,
      },
      metricsCsv: 's3://b/metrics.csv',
      submissionCsv: 's3://b/submission.csv',
      log: 's3://b/log.txt',
    },
  );
  const bare = readManifest(text({ best: null, files: [] }), owner);
  assert.deepEqual(
    artifactsOf(bare, (path) => path, false),
    { attempt: 1, folder: '' },
  );
});

test('G8 a manifest of another trial or attempt, or of no known form, is refused', () => {
  for (const change of [
    { trialUid: 'v' },
    { attempt: 2 },
    { version: 2 },
    { files: [file('../x')] },
  ]) {
    assert.throws(() => readManifest(text(change), owner));
  }
  assert.throws(() => readManifest('{', owner));
});

test('checkpoints are tried from the newest on', () => {
  const candidates = [
    { attempt: 0, step: 10 },
    { attempt: 0, step: 20 },
    { attempt: 1, step: 20 },
  ];
  assert.deepEqual(newestFirst(candidates), candidates.toReversed());
  const names = ['manifest-7.json', 'manifest-07.json', 'manifest.json', 'manifest-7.json.tmp'];
  assert.deepEqual(names.map(checkpointStep), [7, undefined, undefined, undefined]);
});
