import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDevice } from './backend/device.ts';
import { batchesOf, feed, fileOrder } from './data/batches.ts';
import { openImages } from './data/data-set.ts';
import { decodeImage } from './data/decode.ts';
import { listImages } from './data/image-files.ts';
import { writeDigits } from './digits/write-digits.ts';
import { parseParameters } from './parameters/parse-parameters.ts';
import { Session } from './training/session.ts';

/**
 * `node --conditions=@espalier/source trainer-image/src/bench.ts`: one JSON line with what the
 * trainer does per second on the digits at 32x32, a quarter of the recipe's width, on one thread.
 */

const SIDE = 32;
const BATCH = 64;
const WARM_UP = 5;
const STEPS = 40;

const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
try {
  await writeDigits(join(folder, 'digits'), 2000);
  const files = listImages(join(folder, 'digits', 'train')) ?? [];

  sharp.concurrency(1);
  const decodeBegan = performance.now();
  for (const { path } of files) await decodeImage(path, SIDE, 'exact');
  const decodeMs = performance.now() - decodeBegan;

  const loadBegan = performance.now();
  const device = openDevice({ threads: 1, deterministic: true });
  const loadMs = performance.now() - loadBegan;
  const parameters = parseParameters([
    ['imageSize', SIDE],
    ['width', 0.25],
    ['classes', 10],
    ['batchSize', BATCH],
  ]);
  const session = new Session(device, parameters);
  const images = openImages(files, {
    side: SIDE,
    resampler: 'exact',
    workers: 1,
    cacheFolder: join(folder, 'cache'),
  });
  const all = batchesOf(fileOrder(images.length), BATCH).slice(0, -1);
  const requests = Array.from({ length: WARM_UP + STEPS }, (_, step) => ({
    images: all[step % all.length] ?? new Uint32Array(),
  }));
  const stepTimes: number[] = [];
  const feedTimes: number[] = [];
  let step = 0;
  let began = performance.now();
  const { signal } = new AbortController();
  for await (const { images: batch, request } of feed(device, images, { requests }, signal)) {
    const labels = images.labelsOf(request.images);
    feedTimes.push(performance.now() - began);
    session.train(batch, labels, { step, totalSteps: 1000, stepsPerEpoch: 100 });
    stepTimes.push(performance.now() - began);
    step += 1;
    began = performance.now();
  }
  await images.close();
  const stepMs = median(stepTimes.slice(WARM_UP));
  const result = {
    bench: 'trainer',
    stepMs: round(stepMs),
    imagesPerSec: round((BATCH / stepMs) * 1000),
    decodeImagesPerSec: round((files.length / decodeMs) * 1000),
    feedPct: round((median(feedTimes.slice(WARM_UP)) / stepMs) * 100),
    loadMs: round(loadMs),
    rssMB: round(process.memoryUsage.rss() / 1e6),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
