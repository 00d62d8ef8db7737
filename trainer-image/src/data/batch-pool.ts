import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConfigurationError } from '../trainer-error.ts';
import { pauseForSignals } from '../training/stop.ts';
import { CONTROL, DEPTH, type PassMessage, type PoolJob, slotOf } from './batch-ring.ts';
import type { PoolNews } from './batch-worker.ts';
import type { Pass } from './pass.ts';

/**
 * Threads that make batches ready while the network works, {@link DEPTH} at most, and decode whatever
 * images are missing. What a batch holds does not depend on their number.
 */
export class BatchPool {
  /** Aborted with the reason when a thread fails, also one that decodes ahead. */
  readonly failure: AbortSignal;
  readonly #job: PoolJob;
  readonly #control: Int32Array;
  readonly #threads: readonly Worker[];
  readonly #abort = new AbortController();
  readonly #ready = new Set<number>();
  #begun: { readonly pass: Pass; readonly message: PassMessage } | undefined;
  #wake = (): void => {};
  #positions = 0;
  #batches = 0;
  #ring = new SharedArrayBuffer(0);

  constructor(job: Omit<PoolJob, 'control'>, workers: number) {
    const control = new SharedArrayBuffer((CONTROL.filled + DEPTH) * 4);
    this.failure = this.#abort.signal;
    this.#job = { ...job, control };
    this.#control = new Int32Array(control);
    this.#threads = Array.from({ length: workers }, () => this.#start());
  }

  /** Has the first batches of `pass`, the next one to {@link run}, made ready. */
  begin(pass: Pass): PassMessage {
    if (this.#begun?.pass === pass) return this.#begun.message;
    const message = this.#describe(pass);
    this.#positions += message.images.length;
    this.#batches += pass.requests.length;
    this.#begun = { pass, message };
    for (const thread of this.#threads) thread.postMessage(message);
    return message;
  }

  /**
   * The pixels of each batch of `pass`, in order; they may change once the next one is asked for.
   *
   * One pass at a time, each that was begun. A pass that is left before its end ends the pool.
   *
   * @throws {ConfigurationError} naming a file that cannot be decoded.
   */
  async *run(pass: Pass, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { starts, firstBatch, ring, slotBytes } = this.begin(pass);
    const either = AbortSignal.any([signal, this.failure]);
    const wake = (): void => this.#wake();
    either.addEventListener('abort', wake);
    let isWhole = false;
    try {
      for (const index of pass.requests.keys()) {
        const batch = firstBatch + index;
        while (!this.#ready.delete(batch)) {
          either.throwIfAborted();
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const slot = slotOf(batch);
        const bytes = ((starts[index + 1] ?? 0) - (starts[index] ?? 0)) * this.#job.file.imageBytes;
        yield new Uint8Array(ring, slot * slotBytes, bytes);
        Atomics.store(this.#control, CONTROL.filled + slot, 0);
        Atomics.add(this.#control, CONTROL.released, 1);
        Atomics.notify(this.#control, CONTROL.released);
        await pauseForSignals(either);
      }
      isWhole = true;
    } finally {
      either.removeEventListener('abort', wake);
      if (!isWhole) await this.close();
    }
  }

  /** Ends the threads; when it resolves, none works any more. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #describe({ requests, change }: Pass): PassMessage {
    const starts = new Uint32Array(requests.length + 1);
    for (const [index, { images }] of requests.entries()) {
      starts[index + 1] = (starts[index] ?? 0) + images.length;
    }
    const images = new Uint32Array(starts.at(-1) ?? 0);
    for (const [index, request] of requests.entries()) images.set(request.images, starts[index]);
    const most = Math.max(0, ...requests.map((request) => request.images.length));
    const slotBytes = most * this.#job.file.imageBytes;
    if (this.#ring.byteLength !== DEPTH * slotBytes) {
      this.#ring = new SharedArrayBuffer(DEPTH * slotBytes);
    }
    return {
      images,
      starts,
      versions: Int32Array.from(requests, ({ version = -1 }) => version),
      change,
      firstPosition: this.#positions,
      firstBatch: this.#batches,
      ring: this.#ring,
      slotBytes,
    };
  }

  #start(): Worker {
    // The worker has this file's extension: .ts when run from sources, .js when built.
    const file = new URL(`./batch-worker${extname(import.meta.url)}`, import.meta.url);
    const thread = new Worker(file, { workerData: this.#job });
    thread.on('error', (error) => this.#abort.abort(error));
    thread.on('message', (news: PoolNews) => {
      if (news.kind === 'batch') {
        this.#ready.add(news.batch);
        this.#wake();
      } else {
        this.#abort.abort(
          news.kind === 'failed'
            ? news.error
            : new ConfigurationError(`cannot decode ${news.path}: ${news.reason}`),
        );
      }
    });
    return thread;
  }
}
