// biome-ignore-all lint/style/noExcessiveLinesPerFile: one upload in parts, with each of its ends
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Call } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import type { PutOutcome } from './object-store.ts';
import { openBody } from './open-body.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
import { callStore } from './store-call.ts';
import { createClient, type StoreOptions } from './store-client.ts';
import { isMissingKey, nameOf, statusOf } from './store-error.ts';

/** A part that the store has. */
export interface StoredPart {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** Base64; undefined if the store keeps none. */
  readonly sha256: string | undefined;
}

export interface LargeHead {
  readonly size: number;
  /**
   * As the store has it: base64 of the content's sha256, or of that of its parts' digests with `-` and
   * their number; undefined if it keeps none.
   */
  readonly checksum: string | undefined;
}

/** The upload is not there: it was completed, or removed by somebody. */
export const NO_UPLOAD = 'no-upload';

/** For people's own lines: a part takes as long as a slow one needs. */
export const PATIENT_RETRY: RetryPolicy = { ...DEFAULT_RETRY, tries: 8, timeoutMs: 10 * 60_000 };

/**
 * Objects that are too large for one request: written in parts that survive the process, read as a
 * stream from any byte on. Every verb retries and fails as those of ObjectStore.
 */
export class LargeObjects {
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #retry: RetryPolicy;
  readonly #pageSize: number | undefined;

  constructor(options: StoreOptions) {
    this.bucket = options.bucket;
    this.#client = createClient(options);
    this.#retry = options.retry ?? PATIENT_RETRY;
    this.#pageSize = options.pageSize;
  }

  close(): void {
    this.#client.destroy();
  }

  /** Undefined if there is no such object. */
  head(key: string, call: Call): Promise<LargeHead | undefined> {
    const command = new HeadObjectCommand({
      ...this.#place(key),
      ChecksumMode: 'ENABLED',
    });
    return this.#run('look at', 's3:GetObject', key, call, async (abortSignal) => {
      try {
        const reply = await this.#client.send(command, { abortSignal });
        return { size: reply.ContentLength ?? 0, checksum: reply.ChecksumSHA256 };
      } catch (error) {
        if (isMissingKey(error)) return undefined;
        throw error;
      }
    });
  }

  /**
   * The object's bytes from `from` on, as they come: who reads checks them and asks again for the rest
   * when they break off. Undefined if there is no such object.
   */
  read(key: string, from: number, call: Call): Promise<Readable | undefined> {
    return this.#run('get', 's3:GetObject', key, call, (abortSignal) =>
      openBody(this.#client, this.#place(key), from, call, abortSignal),
    );
  }

  /** Uploads of that key which were begun and neither completed nor removed, oldest first. */
  async unfinished(key: string, call: Call): Promise<readonly string[]> {
    const found: { id: string; begunMs: number }[] = [];
    for (let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}; ; ) {
      const command = new ListMultipartUploadsCommand({
        Bucket: this.bucket,
        Prefix: key,
        ...marker,
      });
      const page = await this.#run(
        'list unfinished uploads of',
        's3:ListBucketMultipartUploads',
        key,
        call,
        (abortSignal) => this.#client.send(command, { abortSignal }),
        true,
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key !== key || UploadId === undefined) continue;
        found.push({ id: UploadId, begunMs: Initiated?.getTime() ?? 0 });
      }
      const { NextKeyMarker, NextUploadIdMarker } = page;
      if (page.IsTruncated !== true || NextKeyMarker === undefined) break;
      marker = {
        KeyMarker: NextKeyMarker,
        ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
      };
    }
    return found.toSorted((a, b) => a.begunMs - b.begunMs).map(({ id }) => id);
  }

  /** The parts of an upload in the order of their numbers. */
  async parts(
    key: string,
    uploadId: string,
    call: Call,
  ): Promise<readonly StoredPart[] | typeof NO_UPLOAD> {
    const found: StoredPart[] = [];
    for (let marker: string | undefined; ; ) {
      const command = new ListPartsCommand({
        ...this.#place(key),
        UploadId: uploadId,
        ...(this.#pageSize === undefined ? {} : { MaxParts: this.#pageSize }),
        ...(marker === undefined ? {} : { PartNumberMarker: marker }),
      });
      const page = await this.#run(
        'list the parts of',
        's3:ListMultipartUploadParts',
        key,
        call,
        (abortSignal) => orNoUpload(async () => await this.#client.send(command, { abortSignal })),
      );
      if (page === NO_UPLOAD) return NO_UPLOAD;
      for (const { PartNumber, Size, ETag, ChecksumSHA256 } of page.Parts ?? []) {
        if (PartNumber === undefined || ETag === undefined) continue;
        found.push({ number: PartNumber, size: Size ?? 0, etag: ETag, sha256: ChecksumSHA256 });
      }
      const next = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      if (next === undefined || next === marker) return found;
      marker = next;
    }
  }

  /** Begins an upload; whoever never hears of it leaves one without parts behind. */
  async begin(key: string, call: Call): Promise<string> {
    const command = new CreateMultipartUploadCommand({
      ...this.#place(key),
      ChecksumAlgorithm: 'SHA256',
      ContentType: 'application/x-tar',
    });
    const reply = await this.#run('begin to upload', 's3:PutObject', key, call, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    if (reply.UploadId === undefined) {
      throw new EspalierError('Storage', `cannot begin to upload ${key}: the store gave no id`);
    }
    return reply.UploadId;
  }

  /** Uploads one part, whose sha256 the store checks; a part of that number is replaced. */
  async putPart(
    key: string,
    uploadId: string,
    number: number,
    body: Buffer,
    call: Call,
  ): Promise<StoredPart | typeof NO_UPLOAD> {
    const sha256 = createHash('sha256').update(body).digest('base64');
    const command = new UploadPartCommand({
      ...this.#place(key),
      UploadId: uploadId,
      PartNumber: number,
      Body: body,
      ContentLength: body.length,
      ChecksumSHA256: sha256,
    });
    const what = `upload part ${number} of`;
    const reply = await this.#run(what, 's3:PutObject', key, call, (abortSignal) =>
      orNoUpload(() => this.#client.send(command, { abortSignal })),
    );
    if (reply === NO_UPLOAD) return NO_UPLOAD;
    return { number, size: body.length, etag: reply.ETag ?? '', sha256 };
  }

  /**
   * Makes the object from its parts. An answer that was lost or only looks like success (a 200 with an
   * error in it, which the SDK tells apart) is asked for again, and then finds no upload: so whoever
   * hears `no-upload` or `refused` looks at what is there.
   */
  complete(
    key: string,
    uploadId: string,
    parts: readonly StoredPart[],
    isNew: boolean,
    call: Call,
  ): Promise<PutOutcome | typeof NO_UPLOAD> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#place(key),
      UploadId: uploadId,
      MultipartUpload: {
        Parts: parts.map(({ number, etag, sha256 }) => ({
          PartNumber: number,
          ETag: etag,
          ...(sha256 === undefined ? {} : { ChecksumSHA256: sha256 }),
        })),
      },
      ...(isNew ? { IfNoneMatch: '*' } : {}),
    });
    return this.#run('complete the upload of', 's3:PutObject', key, call, (abortSignal) =>
      orNoUpload(async () => {
        try {
          await this.#client.send(command, { abortSignal });
          return { kind: 'written' as const };
        } catch (error) {
          if (statusOf(error) === 412) return { kind: 'refused' as const };
          throw error;
        }
      }),
    );
  }

  /** Removes an upload and its parts; one that is not there is removed. */
  async abort(key: string, uploadId: string, call: Call): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#place(key), UploadId: uploadId });
    await this.#run('remove an upload of', 's3:AbortMultipartUpload', key, call, (abortSignal) =>
      orNoUpload(() => this.#client.send(command, { abortSignal })),
    );
  }

  #place(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: key };
  }

  #run<T>(
    what: string,
    action: string,
    key: string,
    call: Call,
    attempt: (signal: AbortSignal) => Promise<T>,
    isOfBucket = false,
  ): Promise<T> {
    const purpose = { what: `${what} ${key}`, action, bucket: this.bucket };
    return callStore(this.#retry, call, isOfBucket ? purpose : { ...purpose, key }, attempt);
  }
}

async function orNoUpload<T>(request: () => Promise<T>): Promise<T | typeof NO_UPLOAD> {
  try {
    return await request();
  } catch (error) {
    if (nameOf(error) === 'NoSuchUpload') return NO_UPLOAD;
    throw error;
  }
}
