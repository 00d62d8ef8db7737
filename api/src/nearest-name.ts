/** Longer names are compared by this prefix only, so that hostile input costs little. */
const MAX_COMPARED = 64;

/**
 * The candidate that `name` was probably meant to be, or `undefined` if none is close: at most a
 * third of its characters differ, upper and lower case count as equal. The first of equals wins.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = fold(name);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = fold(candidate);
    const distance = editDistance(wanted, other);
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    // One edit turns any two-letter name into a hundred others: that is no suggestion.
    if (distance > allowed || (distance > 0 && other.length < 3)) continue;
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/**
 * The least number of insertions, deletions, substitutions and swaps of neighbours that turn one
 * text into the other, no part being edited twice.
 *
 * @see Damerau (1964), Levenshtein (1966): the optimal string alignment variant.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, at(last, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforeLast, j - 2) + 1);
      }
      row.push(best);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

function fold(name: string): string {
  return name.slice(0, MAX_COMPARED).toLowerCase();
}
