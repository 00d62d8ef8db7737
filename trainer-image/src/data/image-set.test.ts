import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeDigits } from '../digits/write-digits.ts';
import { StopRequested } from '../training/stop.ts';
import { DEPTH } from './batch-ring.ts';
import { batchesOf, shuffledOrder } from './batches.ts';
import { openImages } from './data-set.ts';
import { type ImageFile, listImages } from './image-files.ts';
import type { ImageSet } from './image-set.ts';
import type { Pass } from './pass.ts';
import { closePixelFile, openPixelFile } from './pixel-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-images-'));
after(() => rmSync(folder, { recursive: true }));
await writeDigits(join(folder, 'digits'), 100);
const files = listImages(join(folder, 'digits', 'train')) ?? [];
const [SIDE, BATCH] = [32, 9];
const CHANGES = { seed: 6666, augment: 'flip,rotate,affine,crop,jitter', augmentStrength: 1 };
const { signal } = new AbortController();

let caches = 0;
const coldCache = (): string => join(folder, `cache-${caches++}`);

function open(cacheFolder: string, workers: number, list: readonly ImageFile[] = files): ImageSet {
  return openImages(list, { side: SIDE, resampler: 'exact', workers, cacheFolder });
}

function pass(epoch: number, isChanged: boolean): Pass {
  const order = shuffledOrder(files.length, 1, 'test', epoch);
  const requests = batchesOf(order, BATCH).map((images) => ({ images, version: epoch }));
  return { requests, ...(isChanged && { change: { settings: CHANGES, purpose: 'augment' } }) };
}

async function pixelsOf(images: ImageSet, way: Pass): Promise<Uint8Array[]> {
  const batches: Uint8Array[] = [];
  for await (const pixels of images.batches(way, signal)) batches.push(pixels.slice());
  return batches;
}

test('R10 R14 batches are bit for bit the same by 0, 1 and 2 workers, decoded ahead or from the cache', async (t) => {
  const warm = coldCache();
  const results: Uint8Array[][] = [];
  for (const { workers, cache } of [
    { workers: 1, cache: warm },
    { workers: 0, cache: warm },
    { workers: 2, cache: warm },
    { workers: 2, cache: coldCache() },
  ]) {
    const images = open(cache, workers);
    const all: Uint8Array[] = [];
    const passes = [true, false, true].map((isChanged, epoch) => pass(epoch, isChanged));
    for (const [index, each] of passes.entries()) {
      all.push(...(await pixelsOf(images, each)));
      const next = passes[index + 1];
      if (next !== undefined) images.prefetch(next);
    }
    await images.close();
    results.push(all);
  }
  const [first = [], ...others] = results;
  assert.equal(first.length, 3 * Math.ceil(files.length / BATCH));
  for (const other of others) assert.deepEqual(other, first);
  assert.notDeepEqual(first[0], first.at(-8));
  t.diagnostic(`${first.length} batches of ${files.length} images, 4 ways, different 0`);
});

test('the first batch comes while a later image is not decoded yet', async () => {
  const pipe = join(folder, '0_pipe.jpg');
  await promisify(execFile)('mkfifo', [pipe]);
  const late: ImageFile = { ...files[0], path: pipe, name: '0_pipe.jpg' } as ImageFile;
  const cache = coldCache();
  const images = open(cache, 1, [...files, late]);
  const order = Uint32Array.from({ length: files.length + 1 }, (_, index) => index);
  const requests = batchesOf(order, BATCH).map((batch) => ({ images: batch }));
  let seen = 0;
  for await (const _ of images.batches({ requests }, signal)) {
    // Whoever opens a pipe to read it waits for what is written here.
    if (seen === 0) void writeFile(pipe, readFileSync(files[0]?.path ?? ''));
    seen += 1;
  }
  assert.equal(seen, requests.length);
  await images.close();
  assert.match(readdirSync(cache).join(), /^[0-9a-f]{32}\.rgb$/);
});

test('the batches made ready ahead share one bounded piece of memory', async (t) => {
  const images = open(coldCache(), 2);
  const buffers = new Set<ArrayBufferLike>();
  for (const epoch of [0, 1, 2]) {
    for await (const { buffer } of images.batches(pass(epoch, true), signal)) buffers.add(buffer);
  }
  await images.close();
  const [buffer] = buffers;
  assert.equal(buffers.size, 1);
  assert.equal(buffer?.byteLength, DEPTH * BATCH * SIDE * SIDE * 3);
  t.diagnostic(`${buffer?.byteLength} bytes for ${3 * Math.ceil(files.length / BATCH)} batches`);
});

test('a stop in the middle ends the threads and leaves no file', async () => {
  const cache = coldCache();
  const images = open(cache, 2);
  const stop = new AbortController();
  let seen = 0;
  await assert.rejects(async () => {
    for await (const _ of images.batches(pass(0, true), stop.signal)) {
      seen += 1;
      if (seen === 2) stop.abort(new StopRequested('test'));
    }
  }, StopRequested);
  assert.equal(seen, 2);
  await images.close();
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((name) => /worker|messageport/i.test(name)),
    [],
  );
  // All were decoded ahead, or none is kept.
  assert.ok(readdirSync(cache).every((name) => name.endsWith('.rgb')));
});

test('an error of whoever takes the batches ends the threads, too', async () => {
  const images = open(coldCache(), 2);
  await assert.rejects(async () => {
    for await (const _ of images.batches(pass(0, true), signal)) throw new Error('not finite');
  }, /not finite/);
  await images.close();
});

test('an image that cannot be decoded is named before it is needed, and nothing is kept', async () => {
  const data = join(folder, 'broken');
  mkdirSync(data);
  for (const { path, name } of files) writeFileSync(join(data, name), readFileSync(path));
  writeFileSync(join(data, '9_zzz.jpg'), 'no image');
  const cache = coldCache();
  const images = open(cache, 1, listImages(data) ?? []);
  const failure = images.failure;
  assert.ok(failure);
  if (!failure.aborted) await once(failure, 'abort');
  assert.match(String(failure.reason), /cannot decode .*9_zzz\.jpg/);
  await assert.rejects(pixelsOf(images, pass(0, false)), { exitCode: 30, message: /9_zzz\.jpg/ });
  await images.close();
  assert.deepEqual(readdirSync(cache), []);
});

test('what a killed run left is removed, what a living one writes is not', () => {
  const path = join(folder, 'left', 'pixels.rgb');
  mkdirSync(join(folder, 'left'));
  const [dead, living] = ['.pixels.rgb.1.0', '.pixels.rgb.2.0'].map((name) =>
    join(folder, 'left', name),
  ) as [string, string];
  for (const file of [dead, living]) writeFileSync(file, '');
  utimesSync(dead, 1, 1);
  closePixelFile(openPixelFile(path, 1, 12));
  assert.deepEqual([existsSync(dead), existsSync(living)], [false, true]);
  assert.deepEqual(readdirSync(join(folder, 'left')), ['.pixels.rgb.2.0']);
});
