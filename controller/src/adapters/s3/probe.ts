import { randomUUID } from 'node:crypto';
import type { Call } from '../../ports/cluster.ts';
import type { ObjectStore } from './object-store.ts';

/** What the store behind an endpoint really does. */
export interface StoreAbilities {
  /**
   * A write under a condition that does not hold is refused. Otherwise nothing may depend on replacing
   * an object: each content gets a key of its own, and the Experiment's status is the pointer.
   */
  readonly conditions: boolean;
}

/**
 * Writes an object twice below `prefix` and expects the second write to be refused; then once more with
 * a condition on another content. What it wrote is deleted again; a probe that dies leaves one small
 * object that is not in the grammar of keys.
 */
export async function probeStore(
  store: ObjectStore,
  prefix: string,
  call: Call,
): Promise<StoreAbilities> {
  const key = `${prefix === '' ? '' : `${prefix}/`}.probe-${randomUUID()}`;
  const body = Buffer.from('espalier looks whether this store honours conditions\n');
  try {
    await store.put(key, body, { kind: 'absent' }, call);
    const again = await store.put(key, body, { kind: 'absent' }, call);
    const stale = { kind: 'unchanged', etag: '"00000000000000000000000000000000"' } as const;
    const changed = await store.put(key, body, stale, call);
    return { conditions: again.kind === 'refused' && changed.kind === 'refused' };
  } finally {
    await store.delete([key], call);
  }
}

/** Probes the store when somebody first needs to know, and again until it has answered once. */
export function lazyAbilities(
  store: ObjectStore,
  prefix: string,
): (call: Call) => Promise<StoreAbilities> {
  let known: StoreAbilities | undefined;
  return async (call) => {
    known ??= await probeStore(store, prefix, call);
    return known;
  };
}
