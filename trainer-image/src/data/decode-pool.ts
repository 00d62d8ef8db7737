import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConfigurationError } from '../trainer-error.ts';
import type { DecodeFailure, DecodeJob } from './decode-worker.ts';
import type { ImageFile } from './image-files.ts';
import type { Resampler } from './resamplers.ts';

/**
 * Decodes `files` on `workers` threads; the result does not depend on their number.
 *
 * @returns side x side x 3 bytes per file, in the files' order.
 * @throws {ConfigurationError} naming a file that cannot be decoded.
 */
export async function decodeAll(
  files: readonly ImageFile[],
  side: number,
  resampler: Resampler,
  workers: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const pixels = new SharedArrayBuffer(files.length * side * side * 3);
  const job: DecodeJob = {
    paths: files.map((file) => file.path),
    side,
    resampler,
    pixels,
    queue: new SharedArrayBuffer(4),
  };
  const count = Math.max(1, Math.min(workers, Math.ceil(files.length / 16)));
  const threads = Array.from({ length: count }, () => startWorker(job));
  const stop = (): void => {
    for (const thread of threads) void thread.terminate();
  };
  signal.addEventListener('abort', stop);
  try {
    await Promise.all(threads.map(waitFor));
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
  return new Uint8Array(pixels);
}

function startWorker(job: DecodeJob): Worker {
  // The worker has this file's extension: .ts when run from sources, .js when built.
  const file = new URL(`./decode-worker${extname(import.meta.url)}`, import.meta.url);
  return new Worker(file, { workerData: job });
}

function waitFor(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', ({ path, reason }: DecodeFailure) => {
      reject(new ConfigurationError(`cannot decode ${path}: ${reason}`));
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}
