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

/**
 * Shows what an attempt printed: what its pod still has, else what was kept of it in the store.
 *
 * @param follow Whether to go on until the process ends. A stream that breaks off is taken up again where
 *   it was.
 * @returns `waiting` if its pod has not started, `none` if there is no log any more, `no-store` if it is
 * not known where it would be kept.
 * @throws {EspalierError} if the server or the store refuses.
 */
export async function showAttemptLog(
  places: LogPlaces,
  trial: Trial,
  attempt: number,
  out: Write,
  follow: boolean,
): Promise<Shown> {
  const { cluster, signal, isPassing } = places;
  const { namespace, name } = trial.metadata;
  const pod = { namespace, name: podName(name, attempt) };
  const text = new LogText(out);
  for (;;) {
    try {
      const log = await cluster.podLog(pod, { follow }, { signal });
      if (log === 'waiting') return 'waiting';
      if (log === 'gone') break;
      await text.add(log);
      return 'all';
    } catch (error) {
      signal.throwIfAborted();
      const isBroken = error instanceof Error && !('code' in error && error.code === 'Storage');
      if (!follow || !(isBroken || isPassing(error))) throw error;
      await sleep(AGAIN_MS, undefined, { signal });
    }
  }
  // The pod went while its log was read: nothing tells which of the kept bytes are new.
  if (text.bytes > 0) return 'all';
  return fromStore(places, trial, attempt, text);
}

async function fromStore(
  { surroundings, folder, flags, signal }: LogPlaces,
  trial: Trial,
  attempt: number,
  text: LogText,
): Promise<Shown> {
  const isCounted = trial.status?.attempts.find(({ number }) => number === attempt)?.outcome;
  if (isCounted === undefined) return 'waiting';
  if (folder === undefined) return 'no-store';
  const store = await openBucket(surroundings, folder.bucket, flags);
  try {
    const key = `${attemptRoot(folder, trial, attempt)}/${ARTIFACT.log}`;
    const body = await store.large.read(key, 0, { signal });
    if (body === undefined) return 'none';
    await text.add(body);
    return 'all';
  } finally {
    store.close();
  }
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
