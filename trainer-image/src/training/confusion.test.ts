import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfusionTally, confusionTable } from './confusion.ts';

test('a confusion matrix counts every image once, whatever the batches', () => {
  const tally = new ConfusionTally();
  tally.add(Int32Array.of(2, 0, 0), Int32Array.of(2, 1, 0));
  tally.add(Int32Array.of(0, 10), Int32Array.of(1, 2));
  assert.equal(
    confusionTable(tally.rows()),
    'label,predicted,count\n0,0,1\n0,1,2\n2,2,1\n10,2,1\n',
  );
  assert.equal(confusionTable(new ConfusionTally().rows()), 'label,predicted,count\n');
});
