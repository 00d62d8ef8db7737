import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Experiment, Trial } from '@espalier/api';
import { endedTrial, experiment } from '../testing/objects.ts';
import { type ExtrasOptions, readExtras } from './read-extras.ts';

const UID = '3f8e1c52-0000-4000-8000-000000000001';
const CONFUSION = 'label,predicted,count\n0,0,9\n0,1,1\n';
const MAP = 'x,y,label\n0,0,0\n1,1,1\n';

/** An Experiment whose best trial has left these files; `listed` is what the manifest has instead. */
function scene(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  listed: Readonly<Record<string, string>> = files,
): { readonly dir: string; read(options?: ExtrasOptions): ReturnType<typeof readExtras> } {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-extras-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const folder = join(dir, 'artifacts', 'digits', 'trials', `00000-${UID}`, 'a0');
  mkdirSync(join(folder, 'extra'), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  const manifest = {
    ...{ version: 1, trialUid: UID, attempt: 0, step: 1, epoch: 1, best: null, resume: null },
    files: Object.entries(listed).map(([path, text]) => ({
      path,
      size: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    })),
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const { trial } = endedTrial(0, 0.9);
  const artifacts = { attempt: 0, folder: pathToFileURL(folder).href };
  const best: Trial = { ...trial, status: { ...trial.status, artifacts } as Trial['status'] };
  const object: Experiment = experiment({
    status: {
      best: { trial: trial.metadata.name, configuration: 0, value: 0.9, step: 1, parameters: [] },
    },
  });
  const surroundings = { cwd: dir, env: {} } as Parameters<typeof readExtras>[0];
  return {
    dir,
    read: (options = {}) =>
      readExtras(
        surroundings,
        { experiment: object, trials: [best] },
        options,
        new AbortController().signal,
      ),
  };
}

test('what the manifest of the best trial lists is read', async (t) => {
  const files = { 'extra/confusion.csv': CONFUSION, 'extra/tsne.csv': MAP };
  const { confusion, classMap, notes } = await scene(t, files).read();
  assert.deepEqual([confusion?.images, classMap?.images.length, notes], [10, 2, []]);
});

test('a trainer that leaves neither is no reason for a note', async (t) => {
  assert.deepEqual(await scene(t, {}).read(), { notes: [] });
});

test('what the manifest does not list does not count', async (t) => {
  const found = await scene(t, { 'extra/tsne.csv': MAP }, {}).read();
  assert.deepEqual(found, { notes: [] });
});

test('a file that is damaged, too large or malformed is told, and the other one drawn', async (t) => {
  const damaged = await scene(t, { 'extra/tsne.csv': MAP }, { 'extra/tsne.csv': `${MAP}9` }).read();
  assert.match(damaged.notes[0] ?? '', /extra\/tsne\.csv is not what the manifest lists/);
  const longer = await scene(t, { 'extra/tsne.csv': `${MAP}9` }, { 'extra/tsne.csv': MAP }).read();
  assert.match(longer.notes[0] ?? '', /is not what the manifest lists/);
  const large = { 'extra/confusion.csv': CONFUSION, 'extra/tsne.csv': 'x'.repeat(2 ** 24 + 1) };
  const bounded = await scene(t, large).read();
  assert.equal(bounded.confusion?.images, 10);
  assert.match(bounded.notes[0] ?? '', /at most 16\.0 MiB are read/);
  const malformed = { 'extra/confusion.csv': CONFUSION, 'extra/tsne.csv': 'a,b\n' };
  const found = await scene(t, malformed).read();
  assert.equal(found.confusion?.images, 10);
  assert.deepEqual(found.notes, ['extra/tsne.csv is not drawn: its first line is not x,y,label']);
});

test('a folder of its own comes first, and the trial fills what it has not', async (t) => {
  const { dir, read } = scene(t, { 'extra/confusion.csv': CONFUSION, 'extra/tsne.csv': MAP });
  const visuals = join(dir, 'maps');
  mkdirSync(visuals);
  writeFileSync(join(visuals, 'tsne.csv'), `${MAP}2,2,2\n`);
  const found = await read({ visuals: 'maps' });
  assert.deepEqual([found.classMap?.images.length, found.confusion?.images], [3, 10]);
  await assert.rejects(read({ visuals: 'nowhere' }), /there is no folder/);
});

test('a cluster that names a file of this machine is not obeyed', async (t) => {
  const { notes, confusion } = await scene(t, { 'extra/confusion.csv': CONFUSION }).read({
    cluster: true,
  });
  assert.equal(confusion, undefined);
  assert.match(notes[0] ?? '', /has left no files that are known to be whole/);
});
