import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSuperseded } from './superseded.ts';

const listed = new Set([
  'checkpoint-10/model.safetensors',
  'checkpoint-30/model.safetensors',
  'checkpoint-30/state.safetensors',
  'points-0.jsonl',
]);
const files: Record<string, { during: boolean; after: boolean }> = {
  'a1/checkpoint-10/model.safetensors': { during: false, after: false },
  'a1/checkpoint-10/state.safetensors': { during: true, after: true },
  'a1/checkpoint-20/model.safetensors': { during: true, after: true },
  'a1/manifest-20.json': { during: true, after: true },
  'a1/checkpoint-30/state.safetensors': { during: false, after: false },
  'a1/manifest-30.json': { during: false, after: true },
  'a1/checkpoint-40/state.safetensors': { during: false, after: true },
  'a1/manifest-40.json': { during: false, after: true },
  'a0/checkpoint-15/model.safetensors': { during: true, after: true },
  'a0/manifest-15.json': { during: true, after: true },
  'a0/manifest.json': { during: false, after: false },
  'a0/points-0.jsonl': { during: false, after: false },
  'a1/points-9.jsonl': { during: false, after: false },
  'a1/metrics.csv': { during: false, after: false },
  'a1/log.txt': { during: false, after: false },
  'a1/extra/plot.png': { during: false, after: false },
  'a2/checkpoint-5/state.safetensors': { during: false, after: false },
  'a2/manifest-5.json': { during: false, after: false },
};
for (const [file, { during, after }] of Object.entries(files)) {
  const [, attempt, path = ''] = /^a(\d)\/(.*)$/.exec(file) ?? [];
  test(`G8 U16 ${file}: superseded by manifest-30 ${during}, by the end ${after}`, () => {
    const of = { attempt: Number(attempt), path };
    const manifest = { attempt: 1, step: 30, resume: null };
    assert.equal(isSuperseded(of, manifest, 'manifest-30.json', listed), during);
    assert.equal(isSuperseded(of, manifest, 'manifest.json', listed), after);
  });
}

test('G8 U16 the end of an attempt that was stopped keeps the checkpoint that it says to resume from', () => {
  const manifest = { attempt: 1, step: 35, resume: { step: 30 } };
  const isGone = (path: string) =>
    isSuperseded({ attempt: 1, path }, manifest, 'manifest.json', listed);
  assert.equal(isGone('manifest-30.json'), false, 'the record that the next attempt reads');
  assert.equal(isGone('checkpoint-30/state.safetensors'), false);
  assert.equal(isGone('manifest-20.json'), true);
  assert.equal(isGone('manifest-40.json'), true, 'nobody resumes from it any more');
});
