import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ARTIFACT,
  attemptKey,
  checkpointFolder,
  checkpointManifest,
  experimentKey,
  isArtifactPath,
  manifestSchema,
  pointsSegment,
} from './artifacts.ts';

const good = [
  ARTIFACT.manifest,
  ARTIFACT.metricsCsv,
  ARTIFACT.stepsCsv,
  ARTIFACT.log,
  ARTIFACT.submissionCsv,
  `${checkpointFolder(0)}/${ARTIFACT.model}`,
  `${checkpointFolder(120)}/${ARTIFACT.state}`,
  checkpointManifest(999_999_999_999_999),
  pointsSegment(0),
  'extra/features_layer-1.npy',
  `extra/${'x'.repeat(100)}`,
];
for (const path of good) {
  test(`an attempt may write ${path.slice(0, 40)}`, () => assert.ok(isArtifactPath(path)));
}

const bad: Record<string, string> = {
  nothing: '',
  'a folder up': '../manifest.json',
  'a folder up inside': 'extra/../manifest.json',
  'two dots as a name': 'extra/..',
  'a hidden file': 'extra/.ssh',
  'an absolute path': '/manifest.json',
  'a path of Windows': 'extra\\a',
  'a NUL character': 'extra/a\0',
  'a line end': 'manifest.json\n',
  'a second line': 'x\nmanifest.json',
  'a percent escape': 'extra/%2e%2e',
  'letters beyond ASCII': 'extra/\u00e4',
  'a letter that looks like another': 'm\u0430nifest.json',
  'a digit of another script': 'checkpoint-\u0661/model.safetensors',
  'a name that is too long': `extra/${'x'.repeat(101)}`,
  'a folder in extra': 'extra/a/b',
  'a folder alone': 'extra/',
  'a checkpoint without a step': 'checkpoint-/model.safetensors',
  'a step below 0': 'checkpoint--1/model.safetensors',
  'a step with a leading zero': 'checkpoint-007/model.safetensors',
  'a step that no number holds': `manifest-${'9'.repeat(16)}.json`,
  'another file in a checkpoint': 'checkpoint-1/optimizer.bin',
  'a file of the Experiment': ARTIFACT.best,
  'two slashes': 'extra//a',
  'a space at the end': 'log.txt ',
};
for (const [name, path] of Object.entries(bad)) {
  test(`an attempt may not write ${name}`, () => assert.ok(!isArtifactPath(path)));
}

test('no path that is allowed leaves its folder or means another file', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '',
    'extra',
    'a',
    'manifest.json',
    'checkpoint-1',
    '\0',
    '~',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), fc.string({ unit: 'binary' }), (parts, tail) => {
      const path = parts.join('/') + tail;
      if (!isArtifactPath(path)) return;
      assert.match(path, /^[A-Za-z0-9_.\-/]+$/);
      assert.equal(new URL(path, 'file:///out/').pathname, `/out/${path}`);
    }),
  );
});

test('keys sort by index, and the same name in two namespaces or lives stays apart', () => {
  assert.equal(experimentKey('team-a', 'digits', 'u1'), 'team-a/digits-u1');
  assert.equal(attemptKey(7, 'u2', 0), 'trials/00007-u2/a0');
  const keys = [0, 9, 10, 99_999].map((index) => attemptKey(index, 'u', 0));
  assert.deepEqual(keys.toSorted(), keys);
});

test('a manifest that lists a file outside the grammar is refused', () => {
  const manifest = {
    version: 1,
    trialUid: 'u',
    attempt: 0,
    step: 10,
    epoch: 1,
    best: { step: 10, epoch: 1, value: 0.5 },
    resume: null,
    files: [{ path: 'checkpoint-10/model.safetensors', size: 1, sha256: 'a'.repeat(64) }],
  };
  assert.deepEqual(manifestSchema.parse(manifest), manifest);
  const files = [{ path: '../model.safetensors', size: 1, sha256: 'a'.repeat(64) }];
  assert.ok(!manifestSchema.safeParse({ ...manifest, files }).success);
});
