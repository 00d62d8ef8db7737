import type { Call } from '../../ports/cluster.ts';
import { ConflictError } from '../../ports/errors.ts';
import { isConflict, isNotFound, isOutcomeUnknown } from './api-error.ts';
import type { ObjectClient } from './object-client.ts';
import { portError } from './refusal.ts';
import type { Resource } from './resources.ts';
import type { Store } from './store.ts';

/** Any of our objects that has a status. */
interface Owned {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/**
 * Replaces the status of exactly the version that the caller has seen (compare and swap).
 *
 * A PUT and not a merge patch, because a patch keeps members that the new status no longer has. On a
 * conflict the cache is brought up to date first, so that the next look sees what was in the way.
 *
 * @throws ConflictError if it changed meanwhile or is gone.
 */
export async function writeStatus<T extends Owned>(
  { client, resource, store }: { client: ObjectClient; resource: Resource; store: Store<T> },
  { metadata }: T,
  status: object,
  call: Call,
): Promise<T> {
  const { namespace, name, uid, resourceVersion } = metadata;
  const key = { namespace, name };
  const { apiVersion, kind } = resource;
  const body = { apiVersion, kind, metadata: { namespace, name, uid, resourceVersion }, status };
  const doing = `write the status of ${kind} ${namespace}/${name}`;
  try {
    const answer = await client.replaceStatus(resource, key, body, call);
    const written = store.put(answer);
    // Whoever goes on with what was written would bring it back to life.
    if (store.isGone(answer)) throw new ConflictError(`${doing}: it went meanwhile`);
    if (written === undefined) throw new ConflictError(`${doing}: the answer does not fit`);
    return written;
  } catch (error) {
    if (isOutcomeUnknown(error)) store.doubt(key);
    if (isNotFound(error)) {
      store.drop(key, uid);
      throw new ConflictError(`${doing}: it is gone`, { cause: error });
    }
    if (isConflict(error)) await look({ client, resource, store }, key, uid, call);
    throw portError(doing, error);
  }
}

async function look<T>(
  { client, resource, store }: { client: ObjectClient; resource: Resource; store: Store<T> },
  key: { namespace: string; name: string },
  uid: string,
  call: Call,
): Promise<void> {
  const current = await client.get(resource, key, call);
  if (current === undefined) store.drop(key, uid);
  else store.put(current);
}
