import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convolutionLayout, fromFileLayout, linearLayout, toFileLayout } from './file-layout.ts';

function counting(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => index);
}

test('a convolution goes from height, width, in, out to out, in, height, width and back', () => {
  const layout = convolutionLayout(2, 4);
  const ours = counting(3 * 3 * 2 * 4);
  const theirs = toFileLayout(ours, layout);
  const [y, x, from, to] = [2, 1, 1, 3];
  assert.equal(theirs[((to * 2 + from) * 3 + y) * 3 + x], ((y * 3 + x) * 2 + from) * 4 + to);
  assert.deepEqual(fromFileLayout(theirs, layout), ours);
});

test('a linear layer after a flattening counts its inputs by channel, height, width in the file', () => {
  const [height, width, channels, outputs] = [2, 3, 5, 4];
  const layout = linearLayout(height * width * channels, outputs, [height, width, channels]);
  const ours = counting(height * width * channels * outputs);
  const theirs = toFileLayout(ours, layout);
  const [y, x, channel, out] = [1, 2, 3, 2];
  const theirInput = (channel * height + y) * width + x;
  const ourInput = (y * width + x) * channels + channel;
  assert.equal(theirs[out * height * width * channels + theirInput], ourInput * outputs + out);
  assert.deepEqual(fromFileLayout(theirs, layout), ours);
});
