import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { augmenter } from '../data/augment.ts';
import { ImageSet } from '../data/image-set.ts';
import { buildNetwork } from '../network/network.ts';
import { specifyNetwork } from '../network/specification.ts';
import { RandomStream } from '../random/stream.ts';
import { testDevice } from '../testing/layer-probe.ts';
import { classProbabilities } from './ensemble.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-ensemble-'));
after(() => rmSync(folder, { recursive: true }));
const device = testDevice();
const [SIDE, COUNT, BYTES] = [32, 3, 32 * 32 * 3];
const random = new RandomStream(1, 'ensemble');
const pixels = Uint8Array.from({ length: COUNT * BYTES }, () => random.below(256));

function imagesOf(name: string, data: Uint8Array): ImageSet {
  writeFileSync(join(folder, name), data);
  return new ImageSet(join(folder, name), new Int32Array(COUNT), SIDE);
}

test('R11 the versions of an image are mixed by their weights', () => {
  const network = buildNetwork(
    device,
    specifyNetwork({ imageSize: SIDE, width: 0.05, classes: 3 }),
    5,
  );
  const settings = { seed: 9, augment: 'flip,rotate,jitter', augmentStrength: 1 };
  const all = Uint32Array.of(0, 1, 2);
  const single = (name: string, data: Uint8Array): Float64Array[] =>
    classProbabilities(device, network, imagesOf(name, data), all, {
      ...settings,
      tta: 0,
      ttaWeight: 1,
    });
  const versions = [0, 1].map((version) => {
    const changed = pixels.slice();
    for (const image of all) {
      const one = changed.subarray(image * BYTES, (image + 1) * BYTES);
      augmenter(settings, 'tta')?.(one, SIDE, version, image);
    }
    return single(`version-${version}`, changed);
  });
  const plain = single('plain', pixels);
  const before = device.liveTensors;
  const mixed = classProbabilities(device, network, imagesOf('plain', pixels), all, {
    ...settings,
    tta: 2,
    ttaWeight: 0.6,
  });
  assert.equal(device.liveTensors, before);
  for (const [row, values] of mixed.entries()) {
    for (const [i, value] of values.entries()) {
      const [first = [], second = []] = versions.map((version) => version[row]);
      const want = 0.6 * (plain[row]?.[i] ?? 0) + 0.2 * ((first[i] ?? 0) + (second[i] ?? 0));
      assert.ok(Math.abs(value - want) < 1e-6);
    }
  }
  network.dispose();
});
