import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { RequestSigner, SignedFile, SignedRequest } from '../../ports/objects.ts';
import { createClient, type StoreOptions } from './store-client.ts';

/** Minutes: a URL dies with the role session that signed it anyway, and another is had by asking. */
const VALID_SECONDS = 5 * 60;

/** Signs requests for pods, which hold no credential of the store. */
export class Presigner implements RequestSigner {
  readonly #bucket: string;
  readonly #client: S3Client;

  constructor(options: StoreOptions) {
    this.#bucket = options.bucket;
    // Else the CRC of an empty body becomes part of the signature, and no other body is accepted.
    this.#client = createClient(options, 'when_required');
  }

  close(): void {
    this.#client.destroy();
  }

  /** One PUT of exactly these bytes, refused with 412 if the key exists. */
  async put(file: SignedFile, validSeconds = VALID_SECONDS): Promise<SignedRequest> {
    const checksum = Buffer.from(file.sha256, 'hex').toString('base64');
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: file.key,
      ContentLength: file.size,
      ChecksumSHA256: checksum,
      IfNoneMatch: '*',
    });
    const conditions = ['x-amz-checksum-sha256', 'if-none-match'];
    const url = await getSignedUrl(this.#client, command, {
      expiresIn: validSeconds,
      // In the query a store would not take them for the headers that they stand for.
      unhoistableHeaders: new Set(conditions),
      signableHeaders: new Set(['host', 'content-length', ...conditions]),
    });
    return {
      url,
      headers: {
        'content-length': String(file.size),
        'x-amz-checksum-sha256': checksum,
        'if-none-match': '*',
      },
    };
  }

  /** One GET of a key. */
  async get(key: string, validSeconds = VALID_SECONDS): Promise<SignedRequest> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    const url = await getSignedUrl(this.#client, command, { expiresIn: validSeconds });
    return { url, headers: {} };
  }
}
