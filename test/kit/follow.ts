import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, ApiError } from './api-client.ts';
import type { KubeObject, WatchEvent } from './kube-types.ts';

/**
 * Yields what a collection has and every change of it until the signal aborts. The API server ends a
 * watch whose reader falls behind; the next one goes on after the last event, so none is missed.
 */
export async function* follow<T extends KubeObject>(
  client: ApiClient,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  let version: number | undefined;
  while (!signal.aborted) {
    const from = version === undefined ? '' : `&resourceVersion=${version}`;
    try {
      for await (const event of client.watch<T>(`${path}?watch=true${from}`, signal)) {
        // What is there at the beginning comes in any order.
        version = Math.max(version ?? 0, Number(event.object.metadata.resourceVersion));
        yield event;
      }
    } catch (error) {
      const isBusy = error instanceof ApiError && error.status === 429;
      if (!signal.aborted && !isBusy) throw error;
    }
    if (!signal.aborted) await sleep(50);
  }
}
