import { addAbortSignal, type Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Call } from '../../ports/cluster.ts';
import { isMissingKey } from './store-error.ts';

/**
 * Begins to read an object from byte `from` on; undefined if there is no such object.
 *
 * @param call Ends the body, which may take hours.
 * @param answering Ends the waiting for the answer, and nothing after it: a store that takes a request
 *   and then says nothing must not keep a worker for ever.
 */
export async function openBody(
  client: S3Client,
  place: { readonly Bucket: string; readonly Key: string },
  from: number,
  call: Call,
  answering: AbortSignal,
): Promise<Readable | undefined> {
  const silent = new AbortController();
  const giveUp = (): void => silent.abort(answering.reason);
  answering.addEventListener('abort', giveUp, { once: true });
  if (answering.aborted) giveUp();
  const range = from === 0 ? {} : { Range: `bytes=${from}-` };
  try {
    const abortSignal = AbortSignal.any([call.signal, silent.signal]);
    const reply = await client.send(new GetObjectCommand({ ...place, ...range }), { abortSignal });
    return addAbortSignal(call.signal, reply.Body as Readable);
  } catch (error) {
    if (isMissingKey(error)) return undefined;
    throw error;
  } finally {
    answering.removeEventListener('abort', giveUp);
  }
}
