import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { Connection, RequestOf } from './connection.ts';
import { Backoff } from './pause.ts';
import type { SignedRequest } from './put.ts';
import { GoneError, RefusedError, refusalError } from './refused-error.ts';
import { messageOf, type Say, systemCode } from './say.ts';

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
 * Fetches one input and hands its bytes to `take` as they come; resolves with its result once size and
 * digest were right. Were they wrong, `take` is called again and must begin anew, as if nothing had come
 * before.
 *
 * @throws {RefusedError} if the controller refuses for good, or the object is not what it says.
 * @throws {GoneError} if it was replaced or removed meanwhile.
 * @throws what `take` throws about bytes that were right, or about the disk.
 */
export async function download<T>(
  request: RequestOf<'read'>,
  expected: Expected,
  take: (bytes: AsyncIterable<Buffer>) => Promise<T>,
  options: DownloadOptions,
): Promise<T> {
  const what = request.path === '' ? request.source : request.path;
  for (let tries = 1; ; tries += 1) {
    const hash = createHash('sha256');
    const bytes = hashed(fetchBytes(request, expected, options), hash);
    let outcome: { readonly value: T } | { readonly problem: unknown };
    try {
      // Without an early end: the rest is needed for the digest.
      outcome = { value: await take({ [Symbol.asyncIterator]: () => ({ next: bytes.next }) }) };
    } catch (problem) {
      options.signal.throwIfAborted();
      const isFinal = problem instanceof RefusedError || problem instanceof GoneError;
      if (isFinal || systemCode(problem) !== undefined) throw problem;
      outcome = { problem };
    }
    while ((await bytes.next()).done !== true);
    if (hash.digest('hex') === expected.sha256) {
      if ('value' in outcome) return outcome.value;
      throw outcome.problem;
    }
    if (tries >= MAX_SPOILED) {
      throw new RefusedError(`${what} has not the sha256 that belongs to it`);
    }
    options.say(`${what}: ${expected.size} bytes came with a wrong digest, fetching them again`);
  }
}

/** {@link download} into a file. Readable for the trainer too, whose image may run as another user. */
export async function downloadFile(
  request: RequestOf<'read'>,
  expected: Expected,
  target: string,
  options: DownloadOptions,
): Promise<void> {
  const write = (bytes: AsyncIterable<Buffer>): Promise<void> =>
    pipeline(bytes, createWriteStream(target, { mode: 0o644 }));
  await download(request, expected, write, options);
}

function hashed(
  source: AsyncGenerator<Buffer>,
  hash: Hash,
): { readonly next: () => Promise<IteratorResult<Buffer>> } {
  return {
    next: async () => {
      const result = await source.next();
      if (result.done !== true) hash.update(result.value);
      return result;
    },
  };
}

/**
 * The bytes of an input, each once. A connection that breaks is taken up where it broke, each time with
 * a new URL, for as long as that may help.
 */
async function* fetchBytes(
  request: RequestOf<'read'>,
  { size, sha256 }: Expected,
  { connection, say, signal }: DownloadOptions,
): AsyncGenerator<Buffer> {
  const what = request.path === '' ? request.source : request.path;
  const backoff = new Backoff(500, 15_000);
  const progress = teller(what, size, say);
  for (let have = 0; ; ) {
    const answer = await connection.ask(request, signal);
    if (answer.kind === 'refused') throw refusalError(answer.reason, answer.message);
    if (answer.size !== size || answer.sha256 !== sha256) {
      throw new GoneError(`${what} was replaced while it was fetched`);
    }
    const before = have;
    let failure: unknown;
    try {
      for await (const chunk of body(answer, have, size, signal)) {
        have += chunk.length;
        progress(have);
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
    if (have === size) return;
    if (have > before) backoff.reset();
    say(`${what}: ${have} of ${size} bytes, trying on: ${messageOf(failure ?? 'it broke off')}`);
    await backoff.pause(signal);
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

/** Says now and then how far a long download is. */
function teller(what: string, size: number, say: Say): (have: number) => void {
  let saidMs = performance.now();
  return (have) => {
    if (performance.now() - saidMs < TELL_MS) return;
    saidMs = performance.now();
    say(`${what}: ${Math.floor((have / size) * 100)} % of ${size} bytes`);
  };
}
