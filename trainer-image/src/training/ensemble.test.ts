import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { augmenter } from '../data/augment.ts';
import { buildNetwork } from '../network/network.ts';
import { specifyNetwork } from '../network/specification.ts';
import { RandomStream } from '../random/stream.ts';
import { imagesOf } from '../testing/image-set.ts';
import { testDevice } from '../testing/layer-probe.ts';
import { classProbabilities } from './ensemble.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-ensemble-'));
after(() => rmSync(folder, { recursive: true }));
const device = testDevice();
const [SIDE, COUNT, BYTES] = [32, 3, 32 * 32 * 3];
const random = new RandomStream(1, 'ensemble');
const pixels = Uint8Array.from({ length: COUNT * BYTES }, () => random.below(256));

test('R11 the versions of an image are mixed by their weights', async () => {
  const network = buildNetwork(
    device,
    specifyNetwork({ imageSize: SIDE, width: 0.05, classes: 3 }),
    5,
  );
  const settings = { seed: 9, augment: 'flip,rotate,jitter', augmentStrength: 1 };
  const rowsOf = async (
    name: string,
    data: Uint8Array,
    votes: { tta: number; ttaWeight: number },
  ): Promise<Float64Array[]> => {
    const images = imagesOf(join(folder, name), data, new Int32Array(COUNT), SIDE);
    const parts = { device, network, stop: new AbortController().signal };
    const rows: Float64Array[] = [];
    // Two in the first batch, one in the last.
    const all = classProbabilities(parts, images, { ...settings, ...votes, batchSize: 2 });
    for await (const batch of all) rows.push(...batch.rows);
    await images.close();
    return rows;
  };
  const single = { tta: 0, ttaWeight: 1 };
  const versions = await Promise.all(
    [0, 1].map((version) => {
      const changed = pixels.slice();
      for (let image = 0; image < COUNT; image++) {
        const one = changed.subarray(image * BYTES, (image + 1) * BYTES);
        augmenter(settings, 'tta')?.(one, SIDE, version, image);
      }
      return rowsOf(`version-${version}`, changed, single);
    }),
  );
  const plain = await rowsOf('plain', pixels, single);
  const before = device.liveTensors;
  const mixed = await rowsOf('mixed', pixels, { tta: 2, ttaWeight: 0.6 });
  assert.equal(device.liveTensors, before);
  assert.equal(mixed.length, COUNT);
  for (const [row, values] of mixed.entries()) {
    for (const [i, value] of values.entries()) {
      const [first = [], second = []] = versions.map((version) => version[row]);
      const want = 0.6 * (plain[row]?.[i] ?? 0) + 0.2 * ((first[i] ?? 0) + (second[i] ?? 0));
      assert.ok(Math.abs(value - want) < 1e-6);
    }
  }
  network.dispose();
});
