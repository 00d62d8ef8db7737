import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevice } from './backend/device.ts';
import { batchOf, feed, fileOrder } from './data/batches.ts';
import { decodeAll } from './data/decode-pool.ts';
import { listImages } from './data/image-files.ts';
import { ImageSet } from './data/image-set.ts';
import { writeDigits } from './digits/write-digits.ts';
import { writeWhole } from './files/whole-file.ts';
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

  const decodeBegan = performance.now();
  const pixels = await decodeAll(files, SIDE, 'exact', 1, new AbortController().signal);
  const decodeMs = performance.now() - decodeBegan;
  writeWhole(join(folder, 'pixels'), [pixels]);
  const images = new ImageSet(
    join(folder, 'pixels'),
    Int32Array.from(files, ({ label }) => label),
    SIDE,
  );

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
  const order = fileOrder(images.length);
  const stepTimes: number[] = [];
  const feedTimes: number[] = [];
  for (let step = 0; step < WARM_UP + STEPS; step++) {
    const indices = batchOf(order, step % Math.floor(images.length / BATCH), BATCH);
    const began = performance.now();
    const batch = feed(device, images, indices);
    const labels = images.labelsOf(indices);
    feedTimes.push(performance.now() - began);
    session.train(batch, labels, { step, totalSteps: 1000, stepsPerEpoch: 100 });
    stepTimes.push(performance.now() - began);
  }
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
