import { type ArtifactKeys, DATA_MARK } from './keys.ts';

/** A mark is never longer, so more is not read. */
export const MAX_MARK_BYTES = 256;

export type DatasetDecision =
  | { readonly kind: 'allowed'; readonly key: string }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Where the data set of `spec.data.s3` lies: among the namespace's own, or in the bucket's root below
 * one of the profile's prefixes. Those are written by the namespace's administrator, who is no
 * administrator of other namespaces: nothing below our prefix is reached by them but the namespace's
 * own (G13).
 */
export function locateDataset(
  keys: ArtifactKeys,
  namespace: string,
  key: string,
  sharedPrefixes: readonly string[],
): DatasetDecision {
  if (key.endsWith(DATA_MARK)) {
    return { kind: 'refused', message: `${key} is the mark of a data set; name the data set` };
  }
  if (!sharedPrefixes.some((prefix) => beginsWith(key, prefix))) {
    return { kind: 'allowed', key: keys.dataSet(namespace, key) };
  }
  if (keys.mayShare(namespace, key)) return { kind: 'allowed', key };
  const message = `${key} belongs to another namespace; a profile cannot share it`;
  return { kind: 'refused', message };
}

/** The digest in a data set's mark; undefined if that is no mark. */
export function readMark(text: string): string | undefined {
  return /^([0-9a-f]{64})\r?\n?$/.exec(text)?.[1];
}

/** A prefix ends where a part of the key ends: `shared` allows `shared/a.tar`, not `shared-not/a.tar`. */
function beginsWith(key: string, prefix: string): boolean {
  if (!key.startsWith(prefix)) return false;
  return prefix.endsWith('/') || key.length === prefix.length || key[prefix.length] === '/';
}
