/** Something with an owner and a place among its siblings. */
export interface Owned {
  readonly name: string;
  readonly ownerUid: string;
  /** Siblings are sorted by it: a Trial's index, a pod's attempt. */
  readonly order: number;
}

interface Family<T> {
  readonly sorted: T[];
  /** What was handed out last; undefined = something changed since. */
  snapshot: readonly T[] | undefined;
}

/** Children by owner, sorted; a change costs the search for its place and not the family's size. */
export class OwnerIndex<T extends Owned> {
  readonly #families = new Map<string, Family<T>>();

  /** The same array until a child changes; it is never changed itself. */
  childrenOf(ownerUid: string): readonly T[] {
    const family = this.#families.get(ownerUid);
    if (family === undefined) return [];
    family.snapshot ??= Object.freeze(family.sorted.slice());
    return family.snapshot;
  }

  add(child: T): void {
    let family = this.#families.get(child.ownerUid);
    if (family === undefined) {
      family = { sorted: [], snapshot: undefined };
      this.#families.set(child.ownerUid, family);
    }
    const at = placeOf(family.sorted, child);
    const isThere = family.sorted[at]?.name === child.name;
    family.sorted.splice(at, isThere ? 1 : 0, child);
    family.snapshot = undefined;
  }

  remove(child: T): void {
    const family = this.#families.get(child.ownerUid);
    if (family === undefined) return;
    const at = placeOf(family.sorted, child);
    if (family.sorted[at]?.name !== child.name) return;
    family.sorted.splice(at, 1);
    family.snapshot = undefined;
    if (family.sorted.length === 0) this.#families.delete(child.ownerUid);
  }
}

/** Where the child is, or where it belongs. */
function placeOf(sorted: readonly Owned[], child: Owned): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as Owned, child)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(a: Owned, b: Owned): boolean {
  return a.order === b.order ? a.name < b.name : a.order < b.order;
}
