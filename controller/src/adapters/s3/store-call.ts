import type { Call } from '../../ports/cluster.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { isRetryable, storeError } from './store-error.ts';

/** What a request is for, as an error message tells it. */
export interface StorePurpose {
  /** What is tried, with the key: `put a/b.json`. */
  readonly what: string;
  /** The permission it needs: `s3:PutObject`. */
  readonly action: string;
  readonly bucket: string;
  /** Undefined for what concerns the bucket. */
  readonly key?: string;
}

/**
 * Runs a request with its retries.
 *
 * @throws {EspalierError} `Conflict` if other writes were always under way, else `Storage`, with the key
 * and the permission that it needs; the signal's reason if that ended it.
 */
export async function callStore<T>(
  retry: RetryPolicy,
  call: Call,
  { what, action, bucket, key }: StorePurpose,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await withRetries(retry, call, isRetryable, attempt);
  } catch (error) {
    call.signal.throwIfAborted();
    const resource = `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
    // S3 hides from whoever may not list a bucket that an object is missing: it refuses instead.
    const listing =
      action === 's3:GetObject'
        ? `, and s3:ListBucket on arn:aws:s3:::${bucket} to be told of what is missing`
        : '';
    throw storeError(error, what, `${action} on ${resource}${listing}`);
  }
}
