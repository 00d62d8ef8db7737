import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { RetryPolicy } from './retry.ts';
import type { StoreOutcome } from './store-error.ts';

export interface StoreOptions {
  readonly bucket: string;
  /** @default the SDK's provider chain: AWS_REGION, the shared configuration file */
  readonly region?: string;
  /** Of a store that is not AWS. */
  readonly endpoint?: string;
  /** `<endpoint>/<bucket>/<key>`, for stores without a host name per bucket. */
  readonly pathStyle?: boolean;
  /** `when_required`: no CRC headers, which older stores answer with 501. @default 'auto' */
  readonly checksums?: 'auto' | 'when_required';
  /** @default the SDK's provider chain: roles, web identity, files, environment */
  readonly credentials?: NonNullable<S3ClientConfig['credentials']>;
  readonly retry?: RetryPolicy;
  /** Told of every try that was not aborted. */
  readonly onRequest?: (request: StoreRequest) => void;
  /** Objects in one page of a listing. @default what the store gives: 1,000 */
  readonly pageSize?: number;
}

/** One try of a request; `action` as in the store's permissions: `s3:PutObject`. */
export interface StoreRequest {
  readonly action: string;
  readonly outcome: StoreOutcome;
}

/** The client for one bucket, as its options say. */
export function createClient(options: StoreOptions, checksums = options.checksums): S3Client {
  const mode = checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED';
  return new S3Client({
    maxAttempts: 1, // our own retries also cover bodies that break off, and 409
    requestChecksumCalculation: mode,
    responseChecksumValidation: mode,
    forcePathStyle: options.pathStyle ?? false,
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
}
