import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { decodeImage } from './decode.ts';
import type { Resampler } from './resamplers.ts';

/** What every decode worker of one split receives. */
export interface DecodeJob {
  readonly paths: readonly string[];
  readonly side: number;
  readonly resampler: Resampler;
  /** Images one after the other, filled by all workers. */
  readonly pixels: SharedArrayBuffer;
  /** Index of the next image that nobody has taken. */
  readonly queue: SharedArrayBuffer;
}

/** A worker says this once for an image that it cannot decode, and then ends. */
export interface DecodeFailure {
  readonly path: string;
  readonly reason: string;
}

// Each worker is one thread's worth of work; libvips would otherwise use all cores for each image.
sharp.concurrency(1);
sharp.cache(false);

const job: DecodeJob = workerData;
const queue = new Int32Array(job.queue);
const imageBytes = job.side * job.side * 3;
for (;;) {
  const index = Atomics.add(queue, 0, 1);
  const path = job.paths[index];
  if (path === undefined) break;
  try {
    const image = await decodeImage(path, job.side, job.resampler);
    new Uint8Array(job.pixels, index * imageBytes, imageBytes).set(image);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const failure: DecodeFailure = { path, reason };
    parentPort?.postMessage(failure);
    break;
  }
}
