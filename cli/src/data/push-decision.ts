import type { LargeHead } from '@espalier/controller/remote';
import type { DataSet } from './data-set.ts';

/** What lies under the key now. */
export interface Stored {
  readonly object: LargeHead | undefined;
  /** The digest in the commit mark, whatever it says; undefined if there is none. */
  readonly mark: string | undefined;
}

export type PushDecision =
  /** These bytes are there, and committed. */
  | { readonly kind: 'done' }
  /** These bytes are there: an earlier push died before its mark. */
  | { readonly kind: 'mark' }
  | { readonly kind: 'upload'; readonly isNew: boolean; readonly dropMark: boolean }
  | { readonly kind: 'refused'; readonly isCommitted: boolean };

/** What a push has to do; it overwrites other content only if `replace`. */
export function decidePush(
  wanted: Pick<DataSet, 'size' | 'sha256' | 'checksum'>,
  { object, mark }: Stored,
  replace: boolean,
): PushDecision {
  const isMarked = mark === wanted.sha256;
  if (object === undefined) {
    // A mark without its data set commits nothing, but would once the object is there.
    return { kind: 'upload', isNew: true, dropMark: mark !== undefined && !isMarked };
  }
  const isSame = object.size === wanted.size ? sameChecksum(object, wanted) : false;
  if (isMarked && isSame !== false) return { kind: 'done' };
  if (isSame === true) return { kind: 'mark' };
  if (!replace) return { kind: 'refused', isCommitted: mark !== undefined };
  return { kind: 'upload', isNew: false, dropMark: mark !== undefined };
}

/** Undefined if the two cannot be compared: there is none, or it is of other parts. */
function sameChecksum(
  { checksum }: LargeHead,
  wanted: Pick<DataSet, 'checksum'>,
): boolean | undefined {
  if (checksum === undefined) return undefined;
  const partsOf = (text: string) => text.split('-')[1];
  if (partsOf(checksum) !== partsOf(wanted.checksum)) return undefined;
  return checksum === wanted.checksum;
}
