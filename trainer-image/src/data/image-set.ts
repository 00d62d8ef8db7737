import { pauseForSignals } from '../training/stop.ts';
import { BatchPool } from './batch-pool.ts';
import { STATE } from './batch-ring.ts';
import { augmenterOf, type Pass } from './pass.ts';
import { closePixelFile, type PixelFile, readPixels } from './pixel-file.ts';
import type { Resampler } from './resamplers.ts';

/** Images of one split on their way to the network. */
export interface ImageSource {
  readonly paths: readonly string[];
  readonly labels: Int32Array;
  readonly side: number;
  readonly resampler: Resampler;
  readonly file: PixelFile;
  /** Threads that decode and augment; 0 leaves it to the caller's, if all images are decoded. */
  readonly workers: number;
}

/** The images of one split: pixels by batches, labels beside them. */
export class ImageSet {
  readonly labels: Int32Array;
  readonly side: number;
  readonly #source: ImageSource;
  readonly #states: Int32Array;
  #pool: BatchPool | undefined;

  /** Starts to decode at once what no earlier run has decoded. */
  constructor(source: ImageSource) {
    this.labels = source.labels;
    this.side = source.side;
    this.#source = source;
    this.#states = new Int32Array(new SharedArrayBuffer(source.labels.length * 4));
    if (source.file.temporary === undefined) this.#states.fill(STATE.there);
    else this.#pool = this.#startPool();
  }

  get length(): number {
    return this.labels.length;
  }

  /** Aborted with the reason when an image cannot be decoded ahead. */
  get failure(): AbortSignal | undefined {
    return this.#pool?.failure;
  }

  /** Has the first batches of `pass`, the next one to go through, made ready meanwhile. */
  prefetch(pass: Pass): void {
    if (this.#needsThreads(pass)) this.#pool?.begin(pass);
  }

  /**
   * The pixels of each batch of `pass`, in order; they may change once the next one is asked for.
   *
   * One pass at a time; one that is left before its end is the last.
   *
   * @throws {ConfigurationError} naming a file that cannot be decoded; else the reason of `signal`.
   */
  async *batches(pass: Pass, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await pauseForSignals(signal);
    if (this.#needsThreads(pass)) {
      this.#pool ??= this.#startPool();
      yield* this.#pool.run(pass, signal);
    } else {
      await this.#pool?.close();
      this.#pool = undefined;
      yield* this.#read(pass, signal);
    }
  }

  labelsOf(indices: Uint32Array): Int32Array {
    return Int32Array.from(indices, (index) => this.labels[index] ?? -1);
  }

  /** Ends all threads and lets go of the file, whole or not. */
  async close(): Promise<void> {
    await this.#pool?.close();
    closePixelFile(this.#source.file);
  }

  /** Reading decoded images is not worth a thread: it takes less than a thousandth of a step. */
  #needsThreads({ change }: Pass): boolean {
    if (!this.#states.every((state) => state === STATE.there)) return true;
    return this.#source.workers > 0 && augmenterOf(change) !== undefined;
  }

  async *#read(pass: Pass, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { file, side } = this.#source;
    const augment = augmenterOf(pass.change);
    for (const { images, version } of pass.requests) {
      const batch = new Uint8Array(images.length * file.imageBytes);
      for (const [place, image] of images.entries()) {
        const pixels = batch.subarray(place * file.imageBytes, (place + 1) * file.imageBytes);
        readPixels(file, image, pixels);
        if (version !== undefined) augment?.(pixels, side, version, image);
      }
      yield batch;
      await pauseForSignals(signal);
    }
  }

  #startPool(): BatchPool {
    const { paths, side, resampler, file, workers } = this.#source;
    const states = this.#states.buffer as SharedArrayBuffer;
    return new BatchPool({ paths, side, resampler, file, states }, Math.max(1, workers));
  }
}
