import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { messageOf } from '../trainer-error.ts';
import { CONTROL, DEPTH, type PassMessage, type PoolJob, STATE, slotOf } from './batch-ring.ts';
import { decodeImage } from './decode.ts';
import { augmenterOf } from './pass.ts';
import { publishPixels, readPixels, writePixels } from './pixel-file.ts';

/** What a thread says to its pool. */
export type PoolNews =
  | { readonly kind: 'batch'; readonly batch: number }
  | { readonly kind: 'undecodable'; readonly path: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: Error };

// Each worker is one thread's worth of work; libvips would otherwise use all cores for each image.
sharp.concurrency(1);
sharp.cache(false);

const job: PoolJob = workerData;
const control = new Int32Array(job.control);
const states = new Int32Array(job.states);
const { imageBytes } = job.file;
const passes: PassMessage[] = [];
let wake = (): void => {};

parentPort?.on('message', (pass: PassMessage) => {
  passes.push(pass);
  wake();
});

try {
  for (;;) {
    const pass = passes.shift();
    if (pass !== undefined) {
      await fillBatches(pass);
    } else if (!(await decodeAhead())) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
} catch (error) {
  tell({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
}

async function fillBatches(pass: PassMessage): Promise<void> {
  const { images, starts, versions, firstPosition, firstBatch, ring, slotBytes } = pass;
  const augment = augmenterOf(pass.change);
  let batch = 0;
  for (;;) {
    const place = take(firstPosition + images.length) - firstPosition;
    if (place === images.length) return;
    while ((starts[batch + 1] ?? 0) <= place) batch += 1;
    await waitForSlot(firstBatch + batch);
    const slot = slotOf(firstBatch + batch);
    const [start = 0, end = 0] = starts.subarray(batch, batch + 2);
    const offset = slot * slotBytes + (place - start) * imageBytes;
    const pixels = new Uint8Array(ring, offset, imageBytes);
    const image = images[place] ?? 0;
    await load(image, pixels);
    const version = versions[batch] ?? -1;
    if (version >= 0) augment?.(pixels, job.side, version, image);
    const filled = Atomics.add(control, CONTROL.filled + slot, 1) + 1;
    if (filled === end - start) tell({ kind: 'batch', batch: firstBatch + batch });
  }
}

/** The next position below `end`, taken by nobody else; `end` if none is left. */
function take(end: number): number {
  for (;;) {
    const next = Atomics.load(control, CONTROL.next);
    if (next >= end) return end;
    if (Atomics.compareExchange(control, CONTROL.next, next, next + 1) === next) return next;
  }
}

/** Waits until the ring has room for `batch`; decodes what will be needed meanwhile. */
async function waitForSlot(batch: number): Promise<void> {
  for (;;) {
    const released = Atomics.load(control, CONTROL.released);
    if (batch < released + DEPTH) return;
    if (!(await decodeAhead())) Atomics.wait(control, CONTROL.released, released);
  }
}

/** Decodes an image that nobody has decoded; false if there is none. */
async function decodeAhead(): Promise<boolean> {
  for (;;) {
    const image = Atomics.add(control, CONTROL.ahead, 1);
    if (image >= states.length) {
      // Held here, so that it never runs over.
      Atomics.store(control, CONTROL.ahead, states.length);
      return false;
    }
    if (takeImage(image) !== STATE.missing) continue;
    await decode(image);
    return true;
  }
}

/** Puts an image's pixels into `target`. */
async function load(image: number, target: Uint8Array): Promise<void> {
  const state = takeImage(image);
  if (state === STATE.missing) {
    target.set(await decode(image));
    return;
  }
  if (state === STATE.taken) Atomics.wait(states, image, STATE.taken);
  readPixels(job.file, image, target);
}

/** @returns the state before; after {@link STATE.missing} the caller must {@link decode} it. */
function takeImage(image: number): number {
  return Atomics.compareExchange(states, image, STATE.missing, STATE.taken);
}

async function decode(image: number): Promise<Uint8Array> {
  const path = job.paths[image] ?? '';
  let pixels: Uint8Array;
  try {
    pixels = await decodeImage(path, job.side, job.resampler);
  } catch (error) {
    tell({ kind: 'undecodable', path, reason: messageOf(error) });
    // The pool ends all its threads now.
    return new Promise(() => {});
  }
  writePixels(job.file, image, pixels);
  // Before anybody can see the last image: the file is whole when all are there.
  if (Atomics.add(control, CONTROL.decoded, 1) + 1 === states.length) publishPixels(job.file);
  Atomics.store(states, image, STATE.there);
  Atomics.notify(states, image);
  return pixels;
}

function tell(news: PoolNews): void {
  parentPort?.postMessage(news);
}
