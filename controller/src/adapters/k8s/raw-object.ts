/**
 * An object as the API server sends it. Nothing beyond what stands here is known of it until the
 * schema of its kind has looked at it.
 */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: RawMeta;
  readonly [field: string]: unknown;
}

export interface RawMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** One page of a list. */
export interface RawList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly RawObject[];
}

/** One line of a watch. */
export interface RawWatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: RawObject;
}

export function controllerOf(meta: RawMeta): OwnerReference | undefined {
  return meta.ownerReferences?.find((owner) => owner.controller === true);
}

/**
 * Whether a write of ours was the last thing that could happen to the object: it was to be deleted and
 * nothing held it any more. The API server answers with the object all the same.
 */
export function isLastState(meta: RawMeta): boolean {
  if (meta.deletionTimestamp === undefined) return false;
  return (meta.finalizers ?? []).length === 0 && (meta.deletionGracePeriodSeconds ?? 0) === 0;
}

/** Whether this is an object with the fields that a cache needs; a proxy may send anything. */
export function isRawObject(value: unknown): value is RawObject {
  if (typeof value !== 'object' || value === null) return false;
  const meta = (value as { metadata?: unknown }).metadata;
  if (typeof meta !== 'object' || meta === null) return false;
  const { name, uid, resourceVersion } = meta as Record<string, unknown>;
  return typeof name === 'string' && typeof uid === 'string' && typeof resourceVersion === 'string';
}

/**
 * Orders two resourceVersions of one kind: negative = `a` is older.
 *
 * They are revisions of etcd: numbers that grow with every write. The API only promises that since
 * KEP-5504 (1.35), so a text that is no number counts as newer, and a quorum GET stays the net.
 */
export function compareVersions(a: string, b: string): number {
  const left = Number(a);
  const right = Number(b);
  if (Number.isSafeInteger(left) && Number.isSafeInteger(right)) return left - right;
  return a === b ? 0 : 1;
}
