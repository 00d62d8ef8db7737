import { Readable } from 'node:stream';
import type { ManifestFile } from '@espalier/api';
import type { Connection } from './connection.ts';
import { Backoff } from './pause.ts';
import { put, type StoreAnswer } from './put.ts';
import { messageOf, type Say } from './say.ts';

/** Bytes that can be read any number of times. */
export interface Source {
  read(): Readable;
  /** Size and digest of what is there now. */
  digest(): Promise<Pick<ManifestFile, 'size' | 'sha256'>>;
}

/** Trying again is of no use; the message says why. */
export class NotStorableError extends Error {}

/** A source's content is not what its manifest says. */
export class ChangedError extends Error {}

export interface StoreFileOptions {
  readonly connection: Pick<Connection, 'ask'>;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/**
 * Stores one file under the attempt's key and resolves when the store has it. It tries for as long as
 * that may help, each time with a new URL: an answer that never came, 5xx, 429, an expired signature.
 *
 * @throws {NotStorableError} if the controller or the store refuses for good.
 * @throws {ChangedError} if the bytes are not those of `file`.
 */
export async function storeFile(
  file: ManifestFile,
  source: Source,
  { connection, say, signal }: StoreFileOptions,
): Promise<void> {
  const { path, size, sha256 } = file;
  const backoff = new Backoff(500, 30_000);
  for (let tries = 1; ; tries += 1) {
    const answer = await connection.ask({ kind: 'upload', path, size, sha256 }, signal);
    if (answer.kind === 'refused') {
      throw new NotStorableError(`${path} was refused: ${answer.reason}: ${answer.message}`);
    }
    let outcome: StoreAnswer | Error;
    try {
      outcome = await put(answer, () => source.read(), size, signal);
    } catch (error) {
      signal.throwIfAborted();
      outcome = error instanceof Error ? error : new Error(String(error));
    }
    if (!(outcome instanceof Error) && isStored(outcome)) return;
    // Reading it all again is dear, so a store that is away is no reason to, or hardly one.
    const isSuspect = outcome instanceof Error ? tries % 10 === 0 : outcome.status === 400;
    if (isSuspect) await requireUnchanged(file, source);
    if (tries === 1 || tries % 10 === 0) {
      say(`${path} is not stored yet (try ${tries}): ${describe(outcome)}`);
    }
    await backoff.pause(signal);
  }
}

/**
 * 412: there is an object with that key already, which only this attempt could have written. S3 may
 * begin to answer 200 and then write of an error.
 */
function isStored({ status, code }: StoreAnswer): boolean {
  return (status >= 200 && status < 300 && code === '') || status === 412;
}

async function requireUnchanged(file: ManifestFile, source: Source): Promise<void> {
  let now: Awaited<ReturnType<Source['digest']>>;
  try {
    now = await source.digest();
  } catch (error) {
    throw new ChangedError(`${file.path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (now.size === file.size && now.sha256 === file.sha256) return;
  throw new ChangedError(`${file.path} is not what the manifest lists: it was changed afterwards`);
}

function describe(outcome: StoreAnswer | Error): string {
  if (outcome instanceof Error) return messageOf(outcome);
  return `the store answers ${outcome.status} ${outcome.code}`.trimEnd();
}

/** A source in memory. */
export function bytesSource(bytes: Buffer, file: ManifestFile): Source {
  return { read: () => Readable.from([bytes]), digest: async () => file };
}
