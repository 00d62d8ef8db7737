import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClassMap } from './class-map.ts';
import { parseConfusion } from './confusion.ts';
import { MalformedTable } from './csv-rows.ts';

test('a confusion matrix is read whatever its line ends and the order of its rows', () => {
  const found = parseConfusion(
    '\ufefflabel,predicted,count\r\n10,2,1\r\n2,2,5\r\n\r\n2,2,3\r\n0,0,0',
  );
  assert.deepEqual(found.classes, ['2', '10']);
  assert.deepEqual([found.images, found.right], [9, 8]);
  assert.deepEqual(found.cells, [
    { label: '10', predicted: '2', count: 1 },
    { label: '2', predicted: '2', count: 8 },
  ]);
  assert.equal(parseConfusion('label,predicted,count\n').images, 0);
});

test('a map is read with names of classes that are no numbers', () => {
  const { classes, images } = parseClassMap('x,y,label\n1.5,-2e3,cat\n0,0,__proto__\n');
  assert.deepEqual(classes, ['__proto__', 'cat']);
  assert.deepEqual(images[0], { x: 1.5, y: -2000, label: 'cat' });
});

const MALFORMED = {
  'an empty file': [parseConfusion, ''],
  'other columns': [parseConfusion, 'a,b,c\n1,1,1\n'],
  'a row that is too short': [parseConfusion, 'label,predicted,count\n1,1\n'],
  'a row that is too long': [parseConfusion, 'label,predicted,count\n1,1,1,1\n'],
  'a count below 0': [parseConfusion, 'label,predicted,count\n1,1,-1\n'],
  'a count that is no number': [parseConfusion, 'label,predicted,count\n1,1,0x10\n'],
  'a count beyond all images': [parseConfusion, 'label,predicted,count\n1,1,9999999999999\n'],
  'a place that is no number': [parseClassMap, 'x,y,label\nNaN,0,1\n'],
  'a place that is missing': [parseClassMap, 'x,y,label\n,0,1\n'],
  'a place that is infinite': [parseClassMap, 'x,y,label\n1e999,0,1\n'],
  'a place too far away to draw': [parseClassMap, 'x,y,label\n-1e13,0,1\n'],
} as const;
for (const [name, [parse, text]] of Object.entries(MALFORMED)) {
  test(`not drawn: ${name}`, () => assert.throws(() => parse(text), MalformedTable));
}
