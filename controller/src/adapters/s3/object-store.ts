import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Call } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import type { ListedObject, ObjectHead, ObjectReader } from '../../ports/objects.ts';
import { openBody } from './open-body.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
import { callStore } from './store-call.ts';
import { createClient, type StoreOptions } from './store-client.ts';
import { isMissingKey, outcomeOf, statusOf } from './store-error.ts';

/** A condition on what is there before a write. */
export type PutCondition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unchanged'; readonly etag: string };

/**
 * What came of a write. `refused`: the condition did not hold. After a lost answer that may be our own
 * write, so whoever cares looks at what is there.
 */
export type PutOutcome = { readonly kind: 'written' } | { readonly kind: 'refused' };

/**
 * Objects of one bucket. Every verb retries what may succeed later a bounded number of times, ends
 * with the signal, and throws an EspalierError: `Conflict` if other writes were always under way, else
 * `Storage`, with the key and the permission that it needs.
 */
export class ObjectStore implements ObjectReader {
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #retry: RetryPolicy;
  readonly #pageSize: number | undefined;
  readonly #onRequest: StoreOptions['onRequest'];

  constructor(options: StoreOptions) {
    this.bucket = options.bucket;
    this.#client = createClient(options);
    this.#retry = options.retry ?? DEFAULT_RETRY;
    this.#pageSize = options.pageSize;
    this.#onRequest = options.onRequest;
  }

  close(): void {
    this.#client.destroy();
  }

  /** Writes a whole object; the store checks its sha256 and keeps it. */
  put(
    key: string,
    body: Buffer,
    condition: PutCondition | undefined,
    call: Call,
  ): Promise<PutOutcome> {
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      Body: body,
      ContentLength: body.length,
      ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
      // Never both in one request: stores disagree on what that means.
      ...(condition?.kind === 'absent' ? { IfNoneMatch: '*' } : {}),
      ...(condition?.kind === 'unchanged' ? { IfMatch: condition.etag } : {}),
    });
    return this.#run(`put ${key}`, 's3:PutObject', key, call, async (abortSignal) => {
      try {
        await this.#client.send(command, { abortSignal });
        return { kind: 'written' };
      } catch (error) {
        const isGone = condition?.kind === 'unchanged' && isMissingKey(error);
        if (statusOf(error) === 412 || isGone) return { kind: 'refused' };
        throw error;
      }
    });
  }

  /**
   * The whole object, or undefined if there is none.
   *
   * @throws {EspalierError} if it has more than `maxBytes`; no more than that is read.
   */
  get(
    key: string,
    maxBytes: number,
    call: Call,
  ): Promise<{ readonly body: Buffer; readonly etag: string } | undefined> {
    const command = new GetObjectCommand({ Bucket: this.bucket, Key: key });
    return this.#run(`get ${key}`, 's3:GetObject', key, call, async (abortSignal) => {
      try {
        const reply = await this.#client.send(command, { abortSignal });
        const stream = addAbortSignal(abortSignal, reply.Body as Readable);
        const body = await readBounded(stream, maxBytes, reply.ContentLength);
        return { body, etag: reply.ETag ?? '' };
      } catch (error) {
        if (isMissingKey(error)) return undefined;
        throw error;
      }
    });
  }

  /**
   * The object's bytes from `from` on, as they come: whoever reads checks them, and asks again for the
   * rest when they break off. Undefined if there is no such object.
   */
  open(key: string, from: number, call: Call): Promise<Readable | undefined> {
    const place = { Bucket: this.bucket, Key: key };
    return this.#run(`get ${key}`, 's3:GetObject', key, call, (abortSignal) =>
      openBody(this.#client, place, from, call, abortSignal),
    );
  }

  /** Size and digest of an object, or undefined if there is none. */
  head(key: string, call: Call): Promise<ObjectHead | undefined> {
    const command = new HeadObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ChecksumMode: 'ENABLED',
    });
    return this.#run(`head ${key}`, 's3:GetObject', key, call, async (abortSignal) => {
      try {
        const reply = await this.#client.send(command, { abortSignal });
        return {
          size: reply.ContentLength ?? 0,
          etag: reply.ETag ?? '',
          sha256: hexDigest(reply.ChecksumSHA256),
        };
      } catch (error) {
        if (isMissingKey(error)) return undefined;
        throw error;
      }
    });
  }

  /**
   * The objects whose keys begin with `prefix`, page by page. Keys come as the store encodes them for a
   * URL: ours are the same either way, and foreign ones cannot break the answer's XML.
   */
  async *list(prefix: string, call: Call): AsyncGenerator<readonly ListedObject[]> {
    for (let token: string | undefined; ; ) {
      const command = new ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: prefix,
        EncodingType: 'url',
        ...(this.#pageSize === undefined ? {} : { MaxKeys: this.#pageSize }),
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await this.#run(
        `list ${prefix}`,
        's3:ListBucket',
        undefined,
        call,
        (abortSignal) => this.#client.send(command, { abortSignal }),
      );
      yield (page.Contents ?? []).flatMap(({ Key, Size }) =>
        Key?.startsWith(prefix) === true ? [{ key: Key, size: Size ?? 0 }] : [],
      );
      const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      if (next === undefined) return;
      if (next === token) {
        throw new EspalierError('Storage', `cannot list ${prefix}: the store repeats a page`);
      }
      token = next;
    }
  }

  /** Deletes at most 1,000 objects; deleting what is not there is done. */
  delete(keys: readonly string[], call: Call): Promise<void> {
    const what = `delete ${keys.length} objects (${keys[0] ?? 'none'}, ...)`;
    return this.#run(what, 's3:DeleteObject', keys[0], call, async (abortSignal) => {
      if (keys.length === 0) return;
      const command = new DeleteObjectsCommand({
        Bucket: this.bucket,
        Delete: { Quiet: true, Objects: keys.map((Key) => ({ Key })) },
      });
      const reply = await this.#client.send(command, { abortSignal });
      const failed = (reply.Errors ?? []).find(({ Code }) => Code !== 'NoSuchKey');
      if (failed === undefined) return;
      // The answer is a 200 even if a key could not be deleted.
      const error = new Error(`${failed.Key}: ${failed.Message}`);
      error.name = failed.Code ?? 'InternalError';
      const status = error.name === 'AccessDenied' ? 403 : 500;
      throw Object.assign(error, { $metadata: { httpStatusCode: status } });
    });
  }

  #run<T>(
    what: string,
    action: string,
    key: string | undefined,
    call: Call,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const purpose = { what, action, bucket: this.bucket, ...(key === undefined ? {} : { key }) };
    return callStore(this.#retry, call, purpose, async (signal) => {
      try {
        const result = await attempt(signal);
        this.#onRequest?.({ action, outcome: 'done' });
        return result;
      } catch (error) {
        if (!call.signal.aborted) this.#onRequest?.({ action, outcome: outcomeOf(error) });
        throw error;
      }
    });
  }
}

async function readBounded(
  stream: Readable,
  maxBytes: number,
  announced: number | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new EspalierError('Storage', `the object has more than ${maxBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } finally {
    stream.destroy();
  }
  if (announced !== undefined && size < announced) throw new Error('the body broke off');
  return Buffer.concat(chunks);
}

/** A digest of parts, `<base64>-<parts>`, says nothing about the whole. */
function hexDigest(base64: string | undefined): string | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/]{43}=$/.test(base64)) return undefined;
  return Buffer.from(base64, 'base64').toString('hex');
}
