import type { Call } from '../../ports/cluster.ts';
import { foreignAnswer } from './api-error.ts';
import type { RawList, RawObject } from './raw-object.ts';
import { collectionPath, type Resource } from './resources.ts';
import type { Transport } from './transport.ts';

const PAGE = 500;

/** Which objects; undefined as the namespace = in all of them. */
export interface Where {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

/** All objects of a kind, by pages. */
export async function* listObjects(
  transport: Transport,
  resource: Resource,
  where: Where,
  call: Call,
): AsyncGenerator<RawObject> {
  const { namespace, labelSelector } = where;
  let next: string | undefined;
  do {
    const path = collectionPath(resource, namespace);
    const page: Partial<RawList> = await transport.request(
      {
        method: 'GET',
        path,
        query: { labelSelector, limit: PAGE, continue: next },
        resource: resource.plural,
      },
      call,
    );
    const { items, metadata } = page;
    if (!Array.isArray(items) || typeof metadata !== 'object') {
      throw foreignAnswer(`GET ${path}`, false, JSON.stringify(page));
    }
    yield* items;
    next = metadata.continue === '' ? undefined : metadata.continue;
  } while (next !== undefined);
}

/** The same at once, as they were at one moment. */
export async function allObjects(
  transport: Transport,
  resource: Resource,
  where: Where,
  call: Call,
): Promise<readonly RawObject[]> {
  const objects: RawObject[] = [];
  for await (const object of listObjects(transport, resource, where, call)) objects.push(object);
  return objects;
}
