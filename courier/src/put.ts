import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline, type Readable } from 'node:stream';

/** A request that somebody else has signed; it is sent as it is. The URL is a secret. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a store answered. */
export interface StoreAnswer {
  readonly status: number;
  /** S3's error code, such as `BadDigest`; empty if there is none. */
  readonly code: string;
}

/** Nothing moved for so long that the connection is taken for dead. */
const IDLE_MS = 30_000;
/** From this size on it is worth asking first whether the store wants the bytes. */
const LARGE_BYTES = 2 ** 20;
const CONTINUE_WAIT_MS = 2_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Sends one PUT and resolves with whatever the store answered; holds a few chunks of the body.
 *
 * @throws {Error} if no answer came: refused, cut, silent, aborted by the signal, or the body failed.
 */
export async function put(
  { url, headers }: SignedRequest,
  body: () => Readable,
  size: number,
  signal: AbortSignal,
): Promise<StoreAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<StoreAnswer>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const asksFirst = size >= LARGE_BYTES;
  const request = send(url, {
    method: 'PUT',
    headers: {
      ...headers,
      'content-length': size,
      ...(asksFirst ? { expect: '100-continue' } : {}),
    },
    timeout: IDLE_MS,
    signal,
  });
  let isAnswered = false;
  let isSending = false;
  const start = (): void => {
    clearTimeout(timer);
    if (isSending || isAnswered) return;
    isSending = true;
    pipeline(body(), request, (error) => {
      // After an early answer a body that broke off is no news.
      if (error && !isAnswered) request.destroy(error);
    });
  };
  // Some stores never say "continue"; they are sent the body after a moment all the same.
  const timer = setTimeout(start, asksFirst ? CONTINUE_WAIT_MS : 0);
  request.once('continue', start);
  request.once('timeout', () =>
    request.destroy(new Error(`no byte moved for ${IDLE_MS / 1000} seconds`)),
  );
  request.once('error', reject);
  request.once('response', (response) => {
    isAnswered = true;
    void readCode(response).then((code) => {
      resolve({ status: response.statusCode ?? 0, code });
      if (!request.writableFinished) request.destroy();
    });
  });
  if (asksFirst) request.flushHeaders();
  else start();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** S3's error code in an answer's body; empty if there is none, or no whole body. */
async function readCode(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_ANSWER_BYTES) break;
      chunks.push(chunk as Buffer);
    }
  } catch {
    // Its status is enough.
  }
  return /<Code>(\w{1,64})<\/Code>/.exec(Buffer.concat(chunks).toString('utf8'))?.[1] ?? '';
}
