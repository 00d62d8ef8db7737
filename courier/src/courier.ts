import type { AttemptAddress } from '@espalier/api';
import { Connection } from './connection.ts';
import { pause } from './pause.ts';
import { ReportStream } from './report-stream.ts';
import type { Say } from './say.ts';
import { Uploads } from './uploads.ts';

/** Plain data, so that it can be handed to a thread. */
export interface CourierSettings {
  /** `host:port`, without a scheme. */
  readonly servers: readonly string[];
  readonly address: AttemptAddress;
  /** Folder with the user's credentials and the CA. */
  readonly credentials: string;
  /** The file to which the trainer appends its report. */
  readonly reportFile: string;
  /** The folder of the attempt's artifacts. */
  readonly outFolder: string;
  /** @default 10_000 */
  readonly syncMs?: number;
}

/** How much of it has arrived. */
export interface Delivery {
  /** In words, what there was no time for. */
  readonly missing: readonly string[];
  /** What can never arrive: the store is full, a file is not what its manifest says. */
  readonly refused: readonly string[];
}

/** How often it is told what is still awaited at the end. */
const TELL_MS = 10_000;
const RESTART_MS = 1_000;

/**
 * Carries an attempt's report and files to the installation for as long as it runs. No fault of NATS,
 * of the store or of the folder ends it; none of its methods throws.
 */
export class Courier {
  readonly #say: Say;
  readonly #connection: Connection;
  readonly #stream: ReportStream;
  readonly #uploads: Uploads;
  readonly #stopping = new AbortController();
  #work: Promise<unknown> | undefined;
  #delivery: Promise<Delivery> | undefined;

  constructor(settings: CourierSettings, say: Say) {
    const { servers, address, credentials, reportFile, outFolder, syncMs } = settings;
    this.#say = say;
    this.#connection = new Connection({ servers, address, credentials, say });
    this.#stream = new ReportStream({
      connection: this.#connection,
      path: reportFile,
      say,
      ...(syncMs === undefined ? {} : { syncMs }),
    });
    this.#uploads = new Uploads({
      connection: this.#connection,
      address,
      folder: outFolder,
      say,
    });
  }

  /** Begins; returns at once, whether anything can be reached or not. */
  start(): void {
    if (this.#work !== undefined) return;
    this.#connection.start();
    const { signal } = this.#stopping;
    this.#work = Promise.all([this.#keep(this.#stream, signal), this.#keep(this.#uploads, signal)]);
  }

  /**
   * The trainer has ended: delivers what is left, then stops everything.
   *
   * @param signal Aborted when there is no more time; what has not arrived by then is told.
   */
  finish(signal?: AbortSignal): Promise<Delivery> {
    this.#delivery ??= this.#finish(signal);
    return this.#delivery;
  }

  async #finish(signal?: AbortSignal): Promise<Delivery> {
    this.start();
    this.#stream.end();
    this.#uploads.end();
    const abort = (): void => this.#stopping.abort(new Error('there is no more time'));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    const tell = setInterval(() => {
      for (const what of this.#missing()) this.#say(`waiting: ${what}`);
    }, TELL_MS);
    await this.#work;
    clearInterval(tell);
    signal?.removeEventListener('abort', abort);
    const missing = this.#missing();
    const refused = [this.#uploads.refused].filter((what) => what !== undefined);
    for (const what of [...missing, ...refused]) this.#say(`not delivered: ${what}`);
    await this.#connection.close();
    return { missing, refused };
  }

  #missing(): string[] {
    return [this.#stream.pending, this.#uploads.pending].filter((what) => what !== undefined);
  }

  /** What fails unforeseen is begun again; the files are its memory. */
  async #keep(
    part: { run(signal: AbortSignal): Promise<void> },
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        return await part.run(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#say(`beginning again after a failure: ${String(error)}`);
        await pause(RESTART_MS, signal).catch(() => {});
      }
    }
  }
}
