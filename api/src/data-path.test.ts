import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDataPath } from './data-path.ts';

test('G13 a path of a data set stays below its folder, on every system', () => {
  const good = [
    'a',
    'train/0/a.png',
    'Zähler ö.csv',
    ' a ',
    '...',
    'x'.repeat(255),
    '名'.repeat(85),
  ];
  for (const path of good) assert.ok(isDataPath(path), path);
  const bad = [
    ...[
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      './a',
      'a/.',
      'a\\b',
      'a\nb',
      'a\u001b',
      'a\0',
    ],
    'x'.repeat(256),
    '名'.repeat(86),
    Array.from({ length: 65 }, () => 'a').join('/'),
    Array.from({ length: 20 }, () => 'x'.repeat(200)).join('/'),
  ];
  for (const path of bad) assert.ok(!isDataPath(path), path);
});
