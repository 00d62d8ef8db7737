import type { RawList, RawObject } from '../adapters/k8s/raw-object.ts';
import { collectionPath, type Resource } from '../adapters/k8s/resources.ts';
import type { Call } from '../ports/cluster.ts';
import type { OneTimeClient } from './one-time-client.ts';

const PAGE = 500;

/** All objects of a kind, by pages; undefined as the namespace = in all of them. */
export async function* listObjects(
  { transport }: OneTimeClient,
  resource: Resource,
  where: { readonly namespace: string | undefined; readonly labelSelector?: string | undefined },
  call: Call,
): AsyncGenerator<RawObject> {
  const { namespace, labelSelector } = where;
  let next: string | undefined;
  do {
    const page: RawList = await transport.request(
      {
        method: 'GET',
        path: collectionPath(resource, namespace),
        query: { labelSelector, limit: PAGE, continue: next },
        resource: resource.plural,
      },
      call,
    );
    yield* page.items;
    next = page.metadata.continue === '' ? undefined : page.metadata.continue;
  } while (next !== undefined);
}
