import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CourierSettings, Delivery } from './courier.ts';
import { sayOnStderr } from './say.ts';
import type { ThreadData, ThreadNews, ThreadOrder } from './thread-messages.ts';

/** Between the end of a thread that failed and the next one. */
const RESTART_MS = 1_000;
/** What a thread may take longer than it was told before it counts as hung. */
const HUNG_MS = 2_000;
/** Chunks and messages are garbage at once, so more room for it would only cost the trainer's memory. */
const RESOURCES = { maxYoungGenerationSizeMb: 4 } as const;

/**
 * A courier on a thread of its own, so that neither waits for the other: not the training for the
 * network, not the network for a step. A thread that fails is replaced, and the new one takes up what
 * lies in the files; the process never fails by it.
 */
export class CourierThread {
  readonly #settings: CourierSettings;
  readonly #finished = Promise.withResolvers<Delivery>();
  #worker: Worker | undefined;
  #isFinishing = false;
  #isOver = false;
  /** On the clock of `performance.now()`. */
  #deadlineMs: number | undefined;

  constructor(settings: CourierSettings) {
    this.#settings = settings;
  }

  /** Begins; returns at once. Until {@link CourierThread.finish} it does not keep the process alive. */
  start(): void {
    if (this.#worker !== undefined || this.#isOver) return;
    // The worker has this file's extension: .ts when run from sources, .js when built.
    const file = new URL(`./thread-worker${extname(import.meta.url)}`, import.meta.url);
    const workerData: ThreadData = this.#settings;
    const worker = new Worker(file, { workerData, resourceLimits: RESOURCES });
    this.#worker = worker;
    worker.on('message', (news: ThreadNews) => this.#end(news));
    worker.on('error', (error) => sayOnStderr(`the courier failed: ${String(error)}`));
    worker.on('exit', () => {
      this.#worker = undefined;
      if (!this.#isOver) this.#restart();
    });
    if (!this.#isFinishing) worker.unref();
    this.#order();
  }

  /** The report and the artifacts are complete: resolves when all has arrived, or there is no more time. */
  finish(): Promise<Delivery> {
    this.#isFinishing = true;
    this.start();
    this.#worker?.ref();
    this.#order();
    return this.#finished.promise;
  }

  /** From now on there is so much time, also if {@link CourierThread.finish} is called only later. */
  hurry(withinMs: number): void {
    this.#deadlineMs = Math.min(
      this.#deadlineMs ?? Number.POSITIVE_INFINITY,
      performance.now() + withinMs,
    );
    this.#order();
    setTimeout(() => this.#giveUp(), withinMs + HUNG_MS).unref();
  }

  #order(): void {
    const tell = (order: ThreadOrder): void => this.#worker?.postMessage(order);
    if (this.#deadlineMs !== undefined) {
      tell({ kind: 'hurry', withinMs: Math.max(0, this.#deadlineMs - performance.now()) });
    }
    if (this.#isFinishing) tell({ kind: 'finish' });
  }

  #restart(): void {
    const timer = setTimeout(() => this.start(), RESTART_MS);
    if (!this.#isFinishing) timer.unref();
  }

  #giveUp(): void {
    if (!this.#isFinishing) return;
    this.#end({ missing: ['the courier did not end in time'], refused: [] });
  }

  #end(delivery: Delivery): void {
    this.#isOver = true;
    this.#finished.resolve(delivery);
    void this.#worker?.terminate();
  }
}
