import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../random/stream.ts';
import { AUGMENTATIONS, augmenter, parseAugment } from './augment.ts';
import { changeColours } from './colour-jitter.ts';
import { IDENTITY, rotation, scaling, warp } from './warp.ts';

const SIDE = 12;

function picture(): Uint8Array {
  const random = new RandomStream(1, 'picture');
  return Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random.below(256));
}

function augmented(augment: string, epoch: number, image: number, seed = 6666): Uint8Array {
  const pixels = picture();
  augmenter({ seed, augment, augmentStrength: 1 })?.(pixels, SIDE, epoch, image);
  return pixels;
}

test('R10 without augmentation an image stays as it is', () => {
  assert.equal(augmenter({ seed: 1, augment: 'none', augmentStrength: 1 }), undefined);
  assert.deepEqual(parseAugment('none'), []);
});

for (const name of AUGMENTATIONS) {
  test(`R10 ${name} depends on seed, epoch and image alone`, () => {
    const seen = new Set<string>();
    for (const image of [0, 1, 2, 3, 4, 5, 6, 7]) {
      for (const epoch of [0, 1]) {
        const pixels = augmented(name, epoch, image);
        assert.deepEqual(pixels, augmented(name, epoch, image));
        seen.add(Buffer.from(pixels).toString('base64'));
      }
    }
    // A flip has two results only.
    assert.ok(seen.size >= (name === 'flip' ? 2 : 16), `${seen.size} different images`);
    assert.notDeepEqual(
      [0, 1, 2, 3, 4, 5].map((image) => augmented(name, 0, image, 1)),
      [0, 1, 2, 3, 4, 5].map((image) => augmented(name, 0, image, 2)),
    );
  });
}

test('R10 one change more does not alter the draws of the others', () => {
  const flips = (augment: string): boolean[] =>
    Array.from({ length: 20 }, (_, image) => {
      const pixels = new Uint8Array(SIDE * SIDE * 3).map((_, i) => ((i / 3) % SIDE) * 20);
      augmenter({ seed: 3, augment, augmentStrength: 1 })?.(pixels, SIDE, 0, image);
      return (pixels[0] ?? 0) > (pixels[(SIDE - 1) * 3] ?? 0);
    });
  assert.deepEqual(flips('flip'), flips('jitter,flip'));
});

test('a flip mirrors, half a turn mirrors twice, and the identity is exact', () => {
  const original = picture();
  const same = picture();
  warp(same, SIDE, [...IDENTITY]);
  assert.deepEqual(same, original);
  const mirrored = picture();
  warp(mirrored, SIDE, scaling(-1, 1));
  for (let x = 0; x < SIDE; x++) assert.equal(mirrored[x * 3], original[(SIDE - 1 - x) * 3]);
  const turned = picture();
  warp(turned, SIDE, rotation(Math.PI));
  for (let i = 0; i < SIDE * SIDE; i++) {
    const there = original[(SIDE * SIDE - 1 - i) * 3] ?? 0;
    assert.ok(Math.abs((turned[i * 3] ?? 0) - there) <= 1);
  }
});

test('beyond the edge the edge goes on', () => {
  const pixels = new Uint8Array(SIDE * SIDE * 3).fill(77);
  warp(pixels, SIDE, [1, 0, 1.5, 0, 1, -1.2]);
  assert.deepEqual(new Set(pixels), new Set([77]));
});

test('a saturation of 0 gives grey, a brightness of 0 black, and 1 changes nothing', () => {
  const grey = picture();
  changeColours(grey, { brightness: 1, contrast: 1, saturation: 0 });
  for (let i = 0; i < grey.length; i += 3) assert.ok(grey[i] === grey[i + 1]);
  const black = picture();
  changeColours(black, { brightness: 0, contrast: 1, saturation: 1 });
  assert.deepEqual(new Set(black), new Set([0]));
  const same = picture();
  changeColours(same, { brightness: 1, contrast: 1, saturation: 1 });
  assert.deepEqual(same, picture());
});
