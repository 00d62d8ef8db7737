import type { Call } from '../../ports/cluster.ts';
import type { ObjectKey } from '../../ports/key.ts';
import { isNotFound } from './api-error.ts';
import { isRawObject, type RawObject } from './raw-object.ts';
import { collectionPath, objectPath, type Resource, statusPath } from './resources.ts';
import type { Transport } from './transport.ts';

/** One operation of a JSON patch; `test` makes the whole fail if something else is there. */
export type PatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** The verbs on single objects. Errors are those of the transport. */
export class ObjectClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A quorum read: what etcd has, whatever caches say; undefined = there is none. */
  async get(resource: Resource, key: ObjectKey, call: Call): Promise<RawObject | undefined> {
    try {
      return await this.#transport.request<RawObject>(
        {
          method: 'GET',
          path: objectPath(resource, key.namespace, key.name),
          resource: resource.plural,
        },
        call,
      );
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  create(resource: Resource, namespace: string, body: object, call: Call): Promise<RawObject> {
    const path = collectionPath(resource, namespace);
    return this.#transport.request({ method: 'POST', path, body, resource: resource.plural }, call);
  }

  /** The whole object, if its resourceVersion is still the one in `body`. */
  replace(resource: Resource, key: ObjectKey, body: object, call: Call): Promise<RawObject> {
    const path = objectPath(resource, key.namespace, key.name);
    return this.#transport.request({ method: 'PUT', path, body, resource: resource.plural }, call);
  }

  /** The whole status, if the object's resourceVersion is still the one in `body`. */
  replaceStatus(resource: Resource, key: ObjectKey, body: object, call: Call): Promise<RawObject> {
    const path = statusPath(resource, key.namespace, key.name);
    return this.#transport.request(
      { method: 'PUT', path, body, resource: `${resource.plural}/status` },
      call,
    );
  }

  patch(
    resource: Resource,
    key: ObjectKey,
    operations: readonly PatchOperation[],
    call: Call,
  ): Promise<RawObject> {
    return this.#transport.request(
      {
        method: 'PATCH',
        path: objectPath(resource, key.namespace, key.name),
        body: operations,
        contentType: 'application/json-patch+json',
        resource: resource.plural,
      },
      call,
    );
  }

  mergePatch(resource: Resource, key: ObjectKey, body: object, call: Call): Promise<RawObject> {
    return this.#transport.request(
      {
        method: 'PATCH',
        path: objectPath(resource, key.namespace, key.name),
        body,
        contentType: 'application/merge-patch+json',
        resource: resource.plural,
      },
      call,
    );
  }

  /**
   * Deletes the object of that uid and no other of its name; its children go in the background.
   *
   * @returns the object if it stays for a while (a grace period, a finalizer).
   */
  async remove(
    resource: Resource,
    key: ObjectKey,
    uid: string,
    call: Call,
    graceSeconds?: number,
  ): Promise<RawObject | undefined> {
    const answer = await this.#transport.request<unknown>(
      {
        method: 'DELETE',
        path: objectPath(resource, key.namespace, key.name),
        body: {
          preconditions: { uid },
          propagationPolicy: 'Background',
          ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
        },
        resource: resource.plural,
      },
      call,
    );
    return isRawObject(answer) && answer.metadata.deletionTimestamp !== undefined
      ? answer
      : undefined;
  }
}
