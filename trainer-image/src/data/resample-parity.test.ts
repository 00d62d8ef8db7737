import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Raster, resample } from './resample.ts';
import { resampleColours } from './resample-vectors.ts';

type Case = readonly [
  width: number,
  height: number,
  channels: number,
  seed: number,
  newWidth: number,
  newHeight: number,
  sha256: string,
];

const FIXTURE = new URL('../../fixtures/pillow.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { cases: Case[] };

/** The same bytes as `synthetic` in scripts/parity/pillow.py. */
function syntheticRaster(width: number, height: number, channels: number, seed: number): Raster {
  let state = seed >>> 0;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { width, height, channels, data };
}

for (const [width, height, channels, seed, newWidth, newHeight, sha256] of cases) {
  const colour = channels === 1 ? 'grey' : 'colour';
  test(`R9 ${width}x${height} ${colour} to ${newWidth}x${newHeight} is Pillow's bit for bit`, () => {
    const image = syntheticRaster(width, height, channels, seed);
    const { data } = resample(image, newWidth, newHeight);
    if (channels === 3) assert.deepEqual(resampleColours(image, newWidth, newHeight).data, data);
    assert.equal(createHash('sha256').update(data).digest('hex').slice(0, 16), sha256);
  });
}
