import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { Connection, RequestOf } from './connection.ts';
import { Backoff } from './pause.ts';
import type { SignedRequest } from './put.ts';
import { RefusedError } from './refused-error.ts';
import { messageOf, type Say } from './say.ts';

export interface DownloadOptions {
  readonly connection: Pick<Connection, 'ask'>;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** What the bytes must be. */
export interface Expected {
  readonly size: number;
  readonly sha256: string;
}

const IDLE_MS = 30_000;
const TELL_MS = 10_000;
/** Whole downloads whose digest was wrong, before the object itself is taken for damaged. */
const MAX_SPOILED = 3;

/**
 * Fetches one input into a new file and resolves when its size and digest are right. A connection that
 * breaks is taken up where it broke, each time with a new URL, for as long as that may help.
 *
 * @throws {RefusedError} if the controller refuses, or the object is not what it says.
 */
export async function download(
  request: RequestOf<'read'>,
  expected: Expected,
  target: string,
  { connection, say, signal }: DownloadOptions,
): Promise<void> {
  const what = request.path === '' ? request.source : request.path;
  // Readable for the trainer too, whose image may run as another user.
  const file = await open(target, 'wx+', 0o644);
  try {
    const backoff = new Backoff(500, 15_000);
    const progress = teller(what, expected.size, say);
    let have = 0;
    let spoiled = 0;
    for (;;) {
      const answer = await connection.ask(request, signal);
      if (answer.kind === 'refused') throw new RefusedError(`${answer.reason}: ${answer.message}`);
      if (answer.size !== expected.size || answer.sha256 !== expected.sha256) {
        throw new Error(`${what} was replaced while it was fetched: start again`);
      }
      const before = have;
      let failure: unknown;
      try {
        for await (const chunk of body(answer, have, expected.size, signal)) {
          await writeAt(file, chunk, have);
          have += chunk.length;
          progress(have);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof DiskError) throw error;
        failure = error;
      }
      if (have === expected.size) {
        if ((await digest(file)) === expected.sha256) return;
        spoiled += 1;
        have = 0;
        if (spoiled >= MAX_SPOILED) {
          throw new RefusedError(`${what} has not the sha256 that belongs to it`);
        }
        failure = new Error('its digest is wrong');
      }
      if (have > before) backoff.reset();
      say(`${what}: ${have} of ${expected.size} bytes, trying on: ${messageOf(failure)}`);
      await backoff.pause(signal);
    }
  } finally {
    await file.close();
  }
}

/** The bytes of an object from `from` on, never more than `size` in all. */
async function* body(
  signed: SignedRequest,
  from: number,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // A range of nothing cannot be asked for.
  if (size === 0) return;
  const response = await send(signed, from, signal);
  let at = from;
  // A store that ignores ranges sends all of it again.
  let skip = response.statusCode === 200 ? from : 0;
  for await (const chunk of response) {
    const piece = (chunk as Buffer).subarray(skip);
    skip = Math.max(0, skip - (chunk as Buffer).length);
    if (piece.length === 0) continue;
    at += piece.length;
    if (at > size) throw new Error('the store sends more bytes than there are');
    yield piece;
  }
}

async function send(
  { url, headers }: SignedRequest,
  from: number,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const get = url.startsWith('https:') ? httpsGet : httpGet;
  const range = from === 0 ? {} : { range: `bytes=${from}-` };
  const request = get(
    url,
    { headers: { ...headers, ...range }, signal, timeout: IDLE_MS },
    resolve,
  );
  request.once('error', reject);
  request.once('timeout', () =>
    request.destroy(new Error(`no byte moved for ${IDLE_MS / 1000} seconds`)),
  );
  const response = await promise;
  const { statusCode } = response;
  if (statusCode === 200) return response;
  const isRange = response.headers['content-range']?.startsWith(`bytes ${from}-`) === true;
  if (statusCode === 206 && isRange) return response;
  response.destroy();
  throw new Error(`the store answers ${statusCode}`);
}

/** Trying on would not help: the disk is full, or it breaks. */
class DiskError extends Error {}

async function writeAt(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  try {
    for (let done = 0; done < chunk.length; ) {
      done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
    }
  } catch (error) {
    throw new DiskError(`cannot write what was fetched: ${messageOf(error)}`, { cause: error });
  }
}

/** Says now and then how far a long download is. */
function teller(what: string, size: number, say: Say): (have: number) => void {
  let saidMs = performance.now();
  return (have) => {
    if (performance.now() - saidMs < TELL_MS) return;
    saidMs = performance.now();
    say(`${what}: ${Math.floor((have / size) * 100)} % of ${size} bytes`);
  };
}

async function digest(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
