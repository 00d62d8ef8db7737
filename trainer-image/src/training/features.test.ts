import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildNetwork } from '../network/network.ts';
import { specifyNetwork } from '../network/specification.ts';
import { imagesOf } from '../testing/image-set.ts';
import { testDevice } from '../testing/layer-probe.ts';
import { extractFeatures } from './features.ts';
import { NO_PROGRESS } from './progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-features-'));
after(() => rmSync(folder, { recursive: true }));
const device = testDevice();
const SIDE = 64;
const bytes = Uint8Array.from({ length: 3 * SIDE * SIDE * 3 }, (_, i) => (i * 7919) % 251);
const images = imagesOf(join(folder, 'pixels'), bytes, Int32Array.of(0, 1, 2), SIDE);
after(() => images.close());
const network = buildNetwork(
  device,
  specifyNetwork({ imageSize: SIDE, width: 1 / 16, classes: 3 }),
  1,
);
after(() => network.dispose());
const parts = { device, network, progress: NO_PROGRESS, stop: new AbortController().signal };

const cases: Record<string, { index: number; want: readonly number[] }> = {
  'R44 layer 19 is the last pooling': { index: 19, want: [32, 2, 2] },
  'R44 layer 18 is the rectifier before it': { index: 18, want: [32, 4, 4] },
  'R44 layer 0 is the first convolution': { index: 0, want: [4, 64, 64] },
  'R44 layer 3 is the first pooling': { index: 3, want: [4, 32, 32] },
};
for (const [name, { index, want }] of Object.entries(cases)) {
  test(name, async () => {
    const { shape, values } = await extractFeatures(parts, images, index, 2);
    assert.deepEqual(shape, want);
    assert.equal(values.length, 3 * want.reduce((a, b) => a * b));
    if (index % 4 >= 2) assert.ok(values.every((value) => value >= 0));
  });
}

test('R44 pooling what layer 18 gives is what layer 19 gives', async () => {
  const before = await extractFeatures(parts, images, 18, 3);
  const after = await extractFeatures(parts, images, 19, 3);
  const [channels, side] = [32, 4];
  for (let channel = 0; channel < channels; channel++) {
    // The upper left square of the first image.
    const at = channel * side * side;
    const square = [0, 1, side, side + 1].map((offset) => before.values[at + offset] ?? 0);
    assert.equal(after.values[channel * 4], Math.max(...square));
  }
});

test('R45 features are in the order channel, height, width', async () => {
  const { values } = await extractFeatures(parts, images, 0, 3);
  const input = device.floats(
    [1, SIDE, SIDE, 3],
    Float32Array.from(bytes.subarray(0, SIDE * SIDE * 3), (v) => v / 255),
  );
  const output = network.evaluate(input, network.layers.slice(0, 1));
  const ours = device.readFloats(output);
  for (const [y, x, c] of [
    [0, 0, 1],
    [5, 9, 2],
    [63, 63, 3],
  ] as const) {
    const [got = 0, want = 1] = [values[(c * SIDE + y) * SIDE + x], ours[(y * SIDE + x) * 4 + c]];
    assert.ok(Math.abs(got - want) < 1e-5);
  }
  device.free(input, output);
});

test('R44 a layer that the stack does not have is refused', async () => {
  for (const index of [-1, 20, 1.5]) {
    await assert.rejects(extractFeatures(parts, images, index, 2), {
      exitCode: 30,
      message: /layer must be 0 to 19/,
    });
  }
});
