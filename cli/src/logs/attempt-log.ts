import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARTIFACT, podName, type Trial } from '@espalier/api';
import type { UserCluster } from '@espalier/controller/remote';
import type { Surroundings } from '../surroundings.ts';
import { attemptRoot, type ExperimentFolder } from '../transfer/experiment-folder.ts';
import { openBucket, type StoreFlags } from '../transfer/store-options.ts';
import type { Write } from './attempts.ts';

/** Where logs of one Experiment are read. */
export interface LogPlaces {
  readonly surroundings: Surroundings;
  readonly cluster: UserCluster;
  readonly signal: AbortSignal;
  /** Undefined: nobody has said where its files lie. */
  readonly folder: ExperimentFolder | undefined;
  readonly flags: StoreFlags;
  /** Whether an error may be over the next time. */
  readonly isPassing: (error: unknown) => boolean;
}

/** What became of the wish to see a log. */
export type Shown = 'all' | 'waiting' | 'none' | 'no-store';

const AGAIN_MS = 1000;

/** What one attempt printed, shown once however often one looks. */
export class AttemptLog {
  readonly #places: LogPlaces;
  readonly #attempt: number;
  readonly #text: LogText;

  constructor(places: LogPlaces, attempt: number, out: Write) {
    this.#places = places;
    this.#attempt = attempt;
    this.#text = new LogText(out);
  }

  /**
   * Shows what is new: of what its pod still has, else of what was kept of it in the store.
   *
   * @param trial As it was read last.
   * @param follow Whether to go on until the process ends, or the server has enough; a stream that breaks
   *   off is taken up again where it was.
   * @returns `waiting` if its pod has not started, `none` if there is no log any more, `no-store` if it is
   * not known where it would be kept.
   * @throws {EspalierError} if the server or the store refuses.
   */
  async show(trial: Trial, follow: boolean): Promise<Shown> {
    const { cluster, signal, isPassing } = this.#places;
    const { namespace, name } = trial.metadata;
    const pod = { namespace, name: podName(name, this.#attempt) };
    for (;;) {
      try {
        const log = await cluster.podLog(pod, { follow }, { signal });
        if (log === 'waiting') return 'waiting';
        if (log === 'gone') break;
        await this.#text.add(log);
        return 'all';
      } catch (error) {
        signal.throwIfAborted();
        const isBroken = error instanceof Error && !('code' in error && error.code === 'Storage');
        if (!follow || !(isBroken || isPassing(error))) throw error;
        await sleep(AGAIN_MS, undefined, { signal });
      }
    }
    // The pod went while its log was read: nothing tells which of the kept bytes are new.
    return this.#text.bytes > 0 ? 'all' : this.#fromStore(trial);
  }

  async #fromStore(trial: Trial): Promise<Shown> {
    const { surroundings, folder, flags, signal } = this.#places;
    if (!isCounted(trial, this.#attempt)) return 'waiting';
    if (folder === undefined) return 'no-store';
    const store = await openBucket(surroundings, folder.bucket, flags);
    try {
      const key = `${attemptRoot(folder, trial, this.#attempt)}/${ARTIFACT.log}`;
      const body = await store.large.read(key, 0, { signal });
      if (body === undefined) return 'none';
      await this.#text.add(body);
      return 'all';
    } finally {
      store.close();
    }
  }
}

/** Whether the attempt is known to have ended. */
export function isCounted({ status }: Trial, attempt: number): boolean {
  return status?.attempts.find(({ number }) => number === attempt)?.outcome !== undefined;
}

/** Hands on text as it comes, and of what comes again only the rest. */
class LogText {
  readonly #out: Write;
  readonly #decoder = new StringDecoder('utf8');
  bytes = 0;

  constructor(out: Write) {
    this.#out = out;
  }

  /** @param stream From the first byte on. */
  async add(stream: AsyncIterable<Buffer>): Promise<void> {
    let at = 0;
    for await (const chunk of stream) {
      const fresh = chunk.subarray(Math.max(0, this.bytes - at));
      at += chunk.length;
      if (fresh.length === 0) continue;
      this.bytes = at;
      await this.#out(this.#decoder.write(fresh));
    }
  }
}
