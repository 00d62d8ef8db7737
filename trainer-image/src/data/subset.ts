import { permutation, RandomStream } from '../random/stream.ts';
import type { ImageFile } from './image-files.ts';

/** Fixed, so that every trial of a sweep sees the same images whatever its own seed. */
const SUBSET_SEED = 6666;

/**
 * The first `limit` of the files in an order shuffled within each class, spread over the classes as
 * the whole set is; in the files' own order. A larger limit only adds files.
 */
export function limitFiles(files: readonly ImageFile[], limit: number): readonly ImageFile[] {
  if (limit === 0 || limit >= files.length) return files;
  const classes = Map.groupBy(files.keys(), (index) => files[index]?.label ?? 0);
  const ranked: { readonly index: number; readonly rank: number }[] = [];
  for (const [label, members] of classes) {
    const order = permutation(members.length, new RandomStream(SUBSET_SEED, 'subset', label));
    for (const [place, member] of order.entries()) {
      // Of a class with n files the k-th has rank (k + 1/2) / n: cutting by rank keeps proportions.
      ranked.push({ index: members[member] ?? 0, rank: (place + 0.5) / members.length });
    }
  }
  ranked.sort((a, b) => a.rank - b.rank || a.index - b.index);
  const kept = ranked.slice(0, limit).map(({ index }) => index);
  return kept.sort((a, b) => a - b).flatMap((index) => files[index] ?? []);
}
