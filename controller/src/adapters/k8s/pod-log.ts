import type { Readable } from 'node:stream';
import { CONTAINER } from '../../domain/trial/pod-containers.ts';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { Call } from '../../ports/cluster.ts';
import { ApiError } from './api-error.ts';
import { objectPath, PODS } from './resources.ts';
import type { Transport } from './transport.ts';

/** How much of a log is kept. */
export const KEPT_LOG_BYTES = 2 ** 20;
/** What the kubelet is asked for: it counts lines from the end, and bytes only from the start. */
const TAIL_LINES = 20_000;

/**
 * The last {@link KEPT_LOG_BYTES} of what a pod printed: its trainer, or the fetching of its data if
 * the trainer never started.
 *
 * @returns undefined if there is none: the pod is gone, or its containers are.
 */
export async function readPodLog(
  transport: Transport,
  pod: PodView,
  call: Call,
): Promise<Uint8Array | undefined> {
  const { namespace, name, startedMs } = pod;
  try {
    const response = await transport.stream(
      {
        method: 'GET',
        path: `${objectPath(PODS, namespace, name)}/log`,
        query: {
          container: startedMs === undefined ? CONTAINER.fetch : CONTAINER.trainer,
          tailLines: TAIL_LINES,
        },
        resource: 'pods/log',
      },
      call,
    );
    return await lastBytes(response, KEPT_LOG_BYTES);
  } catch (error) {
    // 400: there is no such container any more, or it waits to start.
    if (error instanceof ApiError && [400, 404].includes(error.failure.status)) return undefined;
    throw error;
  }
}

/** Reads to the end; holds little more than `bytes`. */
async function lastBytes(stream: Readable, bytes: number): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > 2 * bytes) {
      chunks = [Buffer.concat(chunks).subarray(-bytes)];
      size = bytes;
    }
  }
  return Buffer.concat(chunks).subarray(-bytes);
}
