import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resample } from './resample.ts';

function raster(width: number, height: number, valueAt: (x: number, y: number) => number) {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * width + x] = valueAt(x, y);
  }
  return { width, height, channels: 1, data };
}

test('the same size gives the same bytes', () => {
  const image = raster(5, 4, (x, y) => x * 40 + y);
  assert.deepEqual(resample(image, 5, 4).data, image.data);
});

for (const [width, height] of [
  [1, 1],
  [7, 3],
  [64, 50],
  [13, 200],
] as const) {
  test(`a plain image stays plain at ${width} x ${height}`, () => {
    for (const value of [0, 1, 128, 255]) {
      const { data } = resample(
        raster(37, 29, () => value),
        width,
        height,
      );
      assert.deepEqual([...new Set(data)], [value]);
      assert.equal(data.length, width * height);
    }
  });
}

test('a mirrored image gives a mirrored result', () => {
  const noise = (x: number, y: number): number => (x * 7919 + y * 104729) % 256;
  const plain = resample(raster(31, 23, noise), 16, 9);
  const mirrored = resample(
    raster(31, 23, (x, y) => noise(30 - x, y)),
    16,
    9,
  );
  for (let y = 0; y < 9; y++) {
    const row = [...plain.data.subarray(y * 16, (y + 1) * 16)];
    assert.deepEqual([...mirrored.data.subarray(y * 16, (y + 1) * 16)].reverse(), row);
  }
});

test('shrinking averages over all pixels instead of skipping some', () => {
  const stripes = raster(256, 4, (x) => (x % 2) * 255);
  const { data } = resample(stripes, 16, 4);
  for (const value of data) assert.ok(Math.abs(value - 127.5) <= 4, `${value}`);
});

test('halving weighs 1, 3, 3, 1 eighths', () => {
  // The third of eight pixels lies under two triangles: 255 * 3/8 and, farther off, 255 * 1/8.
  const { data } = resample(
    raster(8, 1, (x) => (x === 2 ? 255 : 0)),
    4,
    1,
  );
  assert.deepEqual([...data], [36, 96, 0, 0]);
});
