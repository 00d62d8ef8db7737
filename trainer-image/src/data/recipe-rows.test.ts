import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { batchOf, countBatches, fileOrder, shuffledOrder } from './batches.ts';
import { findDataFiles } from './data-set.ts';
import { listFiles } from './image-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-rows-'));
after(() => rmSync(folder, { recursive: true }));
for (const [split, names] of Object.entries({
  train: ['0_1.jpg', '1_1.jpg'],
  valid: ['1_2.jpg'],
  test: ['0001.jpg'],
})) {
  mkdirSync(join(folder, split));
  for (const name of names) writeFileSync(join(folder, split, name), '');
}

test('R7 a data set has three sets, of which the test set has no labels', () => {
  const settings = {
    classes: 2,
    trainLimit: 0,
    validLimit: 0,
    side: 32,
    resampler: 'exact',
    workers: 1,
    cacheFolder: folder,
  } as const;
  const { train, valid, test: unlabelled } = findDataFiles(folder, settings);
  assert.deepEqual([train.length, valid.length, unlabelled?.length], [2, 1, 1]);
  assert.equal(unlabelled?.[0]?.label, -1);
});

test('R6 an explicit list of files is taken in its order, not sorted, not joined to a folder', () => {
  const paths = [join(folder, 'valid', '1_2.jpg'), join(folder, 'train', '0_1.jpg')];
  const files = listFiles(paths);
  assert.deepEqual(
    files.map(({ path }) => path),
    paths,
  );
  assert.deepEqual(
    files.map(({ label }) => label),
    [1, 0],
  );
  assert.throws(() => listFiles([join(folder, '3_0.jpg')]), { exitCode: 30, message: /3_0\.jpg/ });
});

test('R12 a batch has 64 images, and the short last one is kept', () => {
  assert.equal(parseParameters([]).batchSize, 64);
  const order = fileOrder(3643);
  assert.equal(countBatches(3643, 64), 57);
  assert.equal(batchOf(order, 0, 64).length, 64);
  assert.equal(batchOf(order, 56, 64).length, 59);
});

test('R13 the training set is shuffled anew every epoch, and every image comes once', () => {
  const [first, second] = [0, 1].map((epoch) => shuffledOrder(100, 6666, 'shuffle', epoch));
  assert.notDeepEqual(first, second);
  assert.deepEqual(first, shuffledOrder(100, 6666, 'shuffle', 0));
  assert.deepEqual(
    [...(first ?? [])].sort((a, b) => a - b),
    [...fileOrder(100)],
  );
});

test('R13 R14 the recipe shuffles no validation set by default and lets us choose the workers', () => {
  const { shuffleValid, workers } = parseParameters([]);
  assert.deepEqual({ shuffleValid, workers }, { shuffleValid: false, workers: 0 });
});
