import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochLines, passLines } from './log-lines.ts';
import { fixed } from './rounding.ts';

const cases: Record<string, { value: number; want: string }> = {
  'R34 a tie goes to the even digit below': { value: 1 / 64, want: '0.01562' },
  'R34 a tie goes to the even digit above': { value: 3 / 64, want: '0.04688' },
  'R34 what is not exactly a tie is rounded by its true value': {
    value: 1.000005,
    want: '1.00001',
  },
  'R34 an accuracy of one': { value: 1, want: '1.00000' },
  'R34 a larger tie': { value: 5 + 1 / 64, want: '5.01562' },
  'R34 no number': { value: Number.NaN, want: 'nan' },
};
for (const [name, { value, want }] of Object.entries(cases)) {
  test(name, () => assert.equal(fixed(value, 5), want));
}

const RESULT = {
  epoch: 1,
  epochs: 8,
  train: { loss: 2.3979, accuracy: 1 / 11 },
  valid: { loss: 2, accuracy: 0.25 },
};

test('R34 R35 an epoch has two lines, the second one marked if it is the best', () => {
  assert.deepEqual(passLines({ ...RESULT, isBest: true }), [
    '[ Train | 001/008 ] loss = 2.39790, acc = 0.09091',
    '[ Valid | 001/008 ] loss = 2.00000, acc = 0.25000 -> best',
  ]);
  assert.match(passLines({ ...RESULT, isBest: false })[1], /acc = 0\.25000$/);
});

test('a resumed attempt repeats the lines of the epochs before it', () => {
  const point = (epoch: number, acc: number) => ({
    seq: epoch,
    step: epoch,
    epoch,
    time: 0,
    values: { train_loss: 1, train_acc: 0.5, valid_loss: 1, valid_acc: acc },
  });
  const lines = epochLines([point(1, 0.5), point(2, 0.5), point(3, 0.75)], 3);
  assert.deepEqual(
    lines.map((line) => line.endsWith(' -> best')),
    [false, true, false, false, false, true],
  );
});
