import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { labelOf, listImages, requireLabels } from './image-files.ts';
import { limitFiles } from './subset.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-files-'));
after(() => rmSync(folder, { recursive: true }));

const labels: Record<string, { name: string; want: number }> = {
  'R5 the number before the first underscore': { name: '7_12_3.jpg', want: 7 },
  'R5 several digits': { name: '10_1.jpg', want: 10 },
  'R5 no underscore means no label': { name: '0001.jpg', want: -1 },
  'R5 no whole number means no label': { name: '1.5_2.jpg', want: -1 },
  'R5 an empty prefix means no label': { name: '_2.jpg', want: -1 },
};
for (const [title, { name, want }] of Object.entries(labels)) {
  test(title, () => assert.equal(labelOf(name), want));
}

test('R4 images end in exactly .jpg, lie in the folder itself, and come in code-point order', () => {
  const names = [
    '0_2.jpg',
    '0_10.jpg',
    '1_0.JPG',
    '1_1.jpeg',
    'b_1.jpg',
    'B_1.jpg',
    '\u{1F600}_1.jpg',
    '\uFF01_1.jpg',
    'note.txt',
  ];
  for (const name of names) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'sub.jpg'));
  const listed = listImages(folder)?.map(({ name }) => name);
  assert.deepEqual(listed, [
    '0_10.jpg',
    '0_2.jpg',
    'B_1.jpg',
    'b_1.jpg',
    '\uFF01_1.jpg',
    '\u{1F600}_1.jpg',
  ]);
});

test('a folder that is not there is told apart from an empty one', () => {
  assert.equal(listImages(join(folder, 'none')), undefined);
});

function files(count: number, classes: number) {
  return Array.from({ length: count }, (_, index) => ({
    path: `/d/${index}`,
    name: `${index}`,
    label: index % classes,
    size: 1,
    modifiedMs: 0,
  }));
}

test('R5 labels outside the classes are an error that names the files', () => {
  assert.throws(() => requireLabels(files(9, 4), 3), /must be 0 to 2 .*\/d\/3, \/d\/7$/);
  requireLabels(files(9, 4), 4);
});

test('a limit keeps the classes in proportion and the order of the files', () => {
  const kept = limitFiles(files(300, 3), 30);
  assert.equal(kept.length, 30);
  for (const label of [0, 1, 2])
    assert.equal(kept.filter((file) => file.label === label).length, 10);
  const numbers = kept.map(({ name }) => Number(name));
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
});

test('a larger limit only adds files, and 0 means all', () => {
  const all = files(100, 7);
  const small = limitFiles(all, 10);
  const large = new Set(limitFiles(all, 40));
  assert.ok(small.every((file) => large.has(file)));
  assert.equal(limitFiles(all, 0), all);
});
