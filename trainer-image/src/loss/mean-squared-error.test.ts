import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noise, testDevice } from '../testing/layer-probe.ts';
import { meanSquaredError } from './mean-squared-error.ts';
import { crossEntropyOf, softmax, squaredErrorOf } from './softmax.ts';

const device = testDevice();

test('R18 softmax gives shares in 0 to 1 and widens the gap', () => {
  const shares = softmax([3, 1, -3]);
  assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-12);
  assert.ok(shares.every((share) => share > 0 && share < 1));
  const [first = 0, second = 1] = shares;
  assert.ok(first / second > 3 / 1);
});

test('R18 softmax of -1000, 10 and 1000 overflows nowhere', () => {
  assert.deepEqual([...softmax([-1000, 10, 1000])], [0, 0, 1]);
});

test('R20 mean squared error is the mean over all images and classes, after softmax', () => {
  const rows = noise('mse', 4 * 11).map((value) => value * 4);
  const labels = Int32Array.of(0, 10, 3, 3);
  const logits = device.floats([4, 11], rows);
  const { values, gradient } = meanSquaredError(device, logits, labels);
  let sum = 0;
  for (const [row, label] of labels.entries()) {
    for (const [i, share] of softmax(rows.subarray(row * 11, row * 11 + 11)).entries()) {
      sum += (share - (i === label ? 1 : 0)) ** 2;
    }
  }
  const loss = values.reduce((a, b) => a + b) / 4;
  assert.ok(Math.abs(loss - sum / 44) < 1e-7);
  device.free(logits, gradient);
});

test('R20 R21 its gradient against the one-hot target is that of finite differences', () => {
  const row = Array.from(noise('slope', 5), (value) => value * 3);
  const { gradient } = squaredErrorOf(row, 2);
  for (const [i, slope] of gradient.entries()) {
    const at = (offset: number): number =>
      squaredErrorOf(
        row.map((value, j) => value + (j === i ? offset : 0)),
        2,
      ).value;
    assert.ok(Math.abs(slope - (at(1e-5) - at(-1e-5)) / 2e-5) < 1e-9);
  }
});

test('R20 where the network is surely wrong, cross entropy pulls and squared error does not', () => {
  const logits = [-10, 10, -1000];
  const squared = squaredErrorOf(logits, 0);
  const entropy = crossEntropyOf(logits, 0);
  assert.ok(Math.abs(squared.value - 2 / 3) < 1e-6 && Math.abs(entropy.value - 20) < 1e-6);
  assert.ok(Math.abs(squared.gradient[0] ?? 1) < 3e-9);
  assert.ok(Math.abs((entropy.gradient[0] ?? 0) + 1) < 1e-6);
});
